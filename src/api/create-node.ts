import type { SchedulerLike } from 'rxjs'
import type { SecretIdentity, Identity as WireIdentity } from '../protocol/crypto/identity.ts'
import { parseIdentity, printIdentity, printSecret, publicKeyOf } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import { decode } from '../protocol/kernel/codec.ts'
import { explain } from '../protocol/kernel/error.ts'
import { type Address, parseAddress, parseNetworkId } from '../protocol/kernel/id.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import { parseLocalSettings } from '../protocol/network/local-settings.ts'
import { type PeerRecord, peerRecord } from '../protocol/peer/peer-record.ts'
import { publicPlanet } from '../protocol/world/planet.ts'
import { type World, world as worldCodec } from '../protocol/world/world.ts'
import { combinedLink } from '../streams/combined-link.ts'
import { ArgumentError, NodeError, StoreError } from '../streams/error.ts'
import { fallbackLink } from '../streams/fallback-link.ts'
import type { Link } from '../streams/link.ts'
import { RunningNode } from '../streams/node.ts'
import { memoryStore, type StateStore, type StoreKey } from '../streams/store.ts'
import { checkedBonding } from './bonding.ts'
import { asNodeId, asWorldId } from './id.ts'
import { secretIdentity } from './identity.ts'
import { Keeper } from './keeper.ts'
import { localRules } from './local-rules.ts'
import { namedErrors } from './named-errors.ts'
import { VirtualNode, type ZtNode } from './node.ts'
import { checkedNodeOptions, type NodeOptions } from './node-options.ts'
import type { IdentityWorks, Platform } from './platform.ts'
import { waitForState } from './wait.ts'

/**
 * Starts a node. Resolves when its identity is ready and its links are bound; it need not be online by then.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` @throws {StoreError} @throws {NodeError} `ERR_ZT_BIND`,
 * `ERR_ZT_IDENTITY_INVALID`, `ERR_ZT_PLANET_INVALID`
 */
export type CreateNode = (options?: NodeOptions) => Promise<ZtNode>

export const createNodeOn =
  (platform: Platform): ((options?: NodeOptions) => Promise<VirtualNode>) =>
  async (options = {}) => {
    const checked = checkedNodeOptions(options)
    const { signal, cache = {}, autoUnref = false } = checked
    signal?.throwIfAborted()
    const store =
      typeof checked.store === 'string' ? platform.store(checked.store) : namedErrors(checked.store ?? memoryStore())
    const kept = { identity: true, networks: true, peers: true, roots: true, ...cache }
    const planet = givenPlanet(checked.planet)
    const rules = localRules(checked.trustedPaths, checked.paths)
    const bonding = checkedBonding(checked.bonding)
    const clock = checked.scheduler ?? platform.clock()
    const link = withRelay(linkOf(checked, platform), checked, platform, clock)
    const orbits = wantedMoons(checked.moons)
    // what is wrong with the options is said before anything is opened
    await store.open?.()
    const keeper = new Keeper(store, kept)
    const identities = platform.identities()
    const claimed: Link[] = []
    const end = async (): Promise<void> => {
      for (const one of claimed) inUse.delete(one)
      await identities.close()
      await keeper.close()
    }
    try {
      for (const one of checked.link === undefined ? [] : [checked.link].flat()) claimed.push(claim(one))
      const identity = await ownIdentity(checked, keeper, platform.crypto(), identities)
      const setup = {
        identity,
        planet: planet ?? (kept.roots ? await storedPlanet(store) : undefined) ?? publicPlanet,
        moons: kept.roots ? await storedMoons(store) : [],
        knownPeers: kept.peers ? await storedPeers(store) : [],
        lowBandwidth: checked.lowBandwidth ?? false,
        ...(platform.name === undefined ? {} : { platform: platform.name }),
        rules,
        ...(bonding === undefined ? {} : { bonding }),
      }
      signal?.throwIfAborted()
      const running = new RunningNode(setup, {
        clock,
        random: checked.random === undefined ? platform.random() : checkedRandom(checked.random),
        crypto: platform.crypto(),
        link,
        validate: (wire, answer) => validate(identities, wire, answer),
      })
      const node = new VirtualNode(running, keeper, end)
      const proof = proved(identity, checked, node, identities)
      // what keeps the node from starting ends the proof too, and is what the caller has to hear
      proof.catch(() => undefined)
      for (const orbit of orbits) running.tell({ _tag: 'Orbit', ...orbit })
      await start(node, checked, store, kept.networks)
      await proof
      if (autoUnref) node.unref()
      return node
    } catch (error) {
      await end()
      throw error
    }
  }

/**
 * A given identity is proved before the node is handed out, one from the store meanwhile: it was proved when it was
 * stored, and a node should not wait for that on every start.
 */
const proved = async (
  identity: SecretIdentity,
  options: NodeOptions,
  node: VirtualNode,
  identities: IdentityWorks,
): Promise<void> => {
  const check = async (): Promise<void> => {
    if (identities.prove?.(identity) ?? (await identities.validate(identity))) return
    const error = new NodeError(
      'ERR_ZT_IDENTITY_INVALID',
      `identity is damaged: ${node.id} does not follow from its key — restore it`,
    )
    node.running.onFatal(error)
    throw error
  }
  if (options.identity !== undefined) await check()
  else check().catch(() => undefined)
}

/** Binds, joins what was joined before, and ties the node to the signal. */
const start = async (node: VirtualNode, options: NodeOptions, store: StateStore, networks: boolean): Promise<void> => {
  const { running } = node
  const { signal } = options
  node.keeper.watch(running)
  for (const key of networks ? await store.list('network.local') : []) {
    const settings = key.kind === 'network.local' ? await store.get(key) : undefined
    if (settings !== undefined && 'id' in key) node.settings.set(parseNetworkId(key.id)!, parseLocalSettings(settings))
  }
  for (const key of networks ? await store.list('network') : []) {
    if (key.kind !== 'network') continue
    const cached = await store.get(key)
    const id = parseNetworkId(key.id)!
    running.join(id, node.settingsOf(id), cached)
  }
  let fatal: NodeError | undefined
  const atRuntime = running.onFatal
  running.onFatal = (error) => {
    fatal ??= error
  }
  running.start()
  try {
    const { clock, link } = running.hands
    const closed = (): unknown =>
      fatal ?? running.ended ?? new NodeError('ERR_ZT_CLOSED', 'the link was closed — pass one that is open')
    await waitForState(
      clock,
      { signal },
      () => new Error('late'),
      link.local$,
      () => true,
      closed,
    )
    if (fatal !== undefined) throw fatal
  } catch (error) {
    running.onFatal = () => undefined
    await node.close({ graceMs: 0 })
    // what an option did wrong is no error of the node's own
    throw fatal?.cause instanceof ArgumentError ? fatal.cause : (fatal ?? error)
  }
  running.onFatal = atRuntime
  if (signal === undefined) return
  const abort = (): void => node.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  node.closed.catch(() => undefined).finally(() => signal.removeEventListener('abort', abort))
}

const wantedMoons = (moons: NodeOptions['moons'] = []): readonly { readonly id: bigint; readonly seed: Address }[] =>
  moons.map(({ id, seed }) => ({ id: BigInt(`0x${asWorldId(id)}`), seed: parseAddress(asNodeId(seed))! }))

/** Somebody's source of chance, of which the protocol is told nothing but bytes, and as many as it wants. */
const checkedRandom =
  (random: Random): Random =>
  (bytes) => {
    const made: unknown = random(bytes)
    if (made instanceof Uint8Array && made.length === bytes) return made
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      `random (${typeof made}) is not valid — it has to give as many bytes as it is asked for, in a Uint8Array`,
    )
  }

const validate = (identities: IdentityWorks, identity: WireIdentity, answer: (valid: boolean) => void): void => {
  const valid = identities.validate(identity)
  if (typeof valid === 'boolean') answer(valid)
  else valid.then(answer, () => answer(false))
}

/** Links of nodes that run. Two nodes on one would each hear what is for the other, and lose it with the first that ends. */
const inUse = new WeakSet<Link>()
const claim = (link: Link): Link => {
  if (inUse.has(link))
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      `link ${JSON.stringify(link.name)} is in use by another node — pass one of its own`,
    )
  inUse.add(link)
  return link
}

const linkOf = ({ link }: NodeOptions, platform: Platform): Link => {
  if (link === undefined) return platform.link()
  if (!Array.isArray(link)) return link as Link
  const links = link as readonly Link[]
  if (links.length === 0) throw new ArgumentError('ERR_ZT_INVALID_OPTION', 'link [] is empty — pass at least one link')
  return links.length === 1 ? links[0]! : combinedLink(links)
}

/** The TCP relay beside the link, or instead of it, as `tcpRelay` says. */
const withRelay = (link: Link, { tcpRelay, bonding }: NodeOptions, platform: Platform, clock: SchedulerLike): Link => {
  const { mode = 'auto', endpoint } = tcpRelay ?? {}
  if (tcpRelay === undefined || mode === 'never') return link
  if (bonding !== undefined && mode === 'always')
    throw new ArgumentError('ERR_ZT_INVALID_OPTION', `tcpRelay 'always' leaves one path — leave bonding out`)
  if (endpoint === undefined)
    throw new ArgumentError('ERR_ZT_INVALID_OPTION', `tcpRelay '${mode}' has no endpoint — name the relay to be used`)
  if (platform.tcpRelay === undefined)
    throw new ArgumentError('ERR_ZT_INVALID_OPTION', `tcpRelay '${mode}' is not possible — this host has no TCP`)
  if (bonding !== undefined) return link // of several paths none is to be the only one
  return fallbackLink(link, platform.tcpRelay(endpoint), mode, clock)
}

/** The identity option wins over the store; without either a new one is made, off the loop. */
const ownIdentity = async (
  options: NodeOptions,
  keeper: Keeper,
  crypto: Crypto,
  identities: IdentityWorks,
): Promise<SecretIdentity> => {
  if (options.identity !== undefined) return checkedIdentity(crypto, secretIdentity(options.identity))
  const stored = await keeper.store.get({ kind: 'identity.secret' })
  if (stored !== undefined) {
    const parsed = parseIdentity(new TextDecoder().decode(stored).trim())
    const found = parsed._tag === 'Right' && parsed.right.secretKey !== undefined ? parsed.right : undefined
    if (found?.secretKey === undefined)
      throw new StoreError(
        'ERR_ZT_STORE_CORRUPT',
        { kind: 'identity.secret' },
        'is no secret identity — restore it, or delete it to get a new address',
      )
    const identity = checkedIdentity(crypto, { ...found, secretKey: found.secretKey })
    // the public file follows the secret one, whatever it said
    keeper.save({ kind: 'identity.public' }, new TextEncoder().encode(printIdentity(identity)))
    return identity
  }
  const made = await identities.generate(options.signal)
  const text = new TextEncoder()
  keeper.save({ kind: 'identity.secret' }, text.encode(printSecret(made)))
  keeper.save({ kind: 'identity.public' }, text.encode(printIdentity(made)))
  return made
}

const checkedIdentity = (crypto: Crypto, identity: SecretIdentity): SecretIdentity => {
  if (keysMatch(crypto, identity)) return identity
  throw new NodeError(
    'ERR_ZT_IDENTITY_INVALID',
    'identity is damaged: its secret key does not belong to its public key — restore it from a backup',
  )
}

const keysMatch = (crypto: Crypto, { publicKey, secretKey }: SecretIdentity): boolean =>
  publicKeyOf(crypto, secretKey).every((byte, i) => byte === publicKey[i])

const givenPlanet = (planet: NodeOptions['planet']): World | undefined => {
  if (planet === undefined || !(planet instanceof Uint8Array)) return planet
  const parsed = decode(worldCodec, planet)
  if (parsed._tag === 'Right' && parsed.right.type === 'planet') return parsed.right
  const why = parsed._tag === 'Left' ? explain(parsed.left) : 'it is a moon'
  throw new NodeError(
    'ERR_ZT_PLANET_INVALID',
    `planet of ${planet.length} bytes is no planet: ${why} — pass the bytes of a planet file`,
  )
}

const storedPlanet = async (store: StateStore): Promise<World | undefined> => {
  const bytes = await store.get({ kind: 'planet' })
  if (bytes === undefined) return undefined
  const parsed = decode(worldCodec, bytes)
  if (parsed._tag === 'Right' && parsed.right.type === 'planet') return parsed.right
  throw new StoreError(
    'ERR_ZT_STORE_CORRUPT',
    { kind: 'planet' },
    'is no planet — restore the file, or delete it to use the public one',
  )
}

const storedMoons = async (store: StateStore): Promise<readonly World[]> =>
  (await stored(store, 'moon')).flatMap((bytes) => {
    const parsed = decode(worldCodec, bytes)
    return parsed._tag === 'Right' && parsed.right.type === 'moon' ? [parsed.right] : []
  })

const storedPeers = async (store: StateStore): Promise<readonly PeerRecord[]> =>
  (await stored(store, 'peer')).flatMap((bytes) => {
    const parsed = decode(peerRecord, bytes)
    return parsed._tag === 'Right' ? [parsed.right] : []
  })

/** Caches: what cannot be read is as good as not there. */
const stored = async (store: StateStore, kind: StoreKey['kind']): Promise<readonly Uint8Array[]> => {
  const keys = (await store.list(kind)).slice(0, MOST_REMEMBERED)
  const values = await Promise.all(keys.map((key) => store.get(key).catch(() => undefined)))
  return values.filter((value) => value !== undefined)
}

const MOST_REMEMBERED = 4096
