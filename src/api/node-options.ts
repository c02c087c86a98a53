import * as t from 'io-ts'
import type { SchedulerLike } from 'rxjs'
import type { Endpoint } from '../protocol/datagram.ts'
import { parseIp } from '../protocol/kernel/ip.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import type { World } from '../protocol/world/world.ts'
import type { Link } from '../streams/link.ts'
import { isRecord, isSignal, isStream, type OptionRule, refuse } from '../streams/option.ts'
import type { StateStore } from '../streams/store.ts'
import type { BondingOptions } from './bonding.ts'
import type { NodeId, WorldId } from './id.ts'
import { type Identity, isIdentityObject } from './identity.ts'
import type { PathOptions, TrustedPath } from './local-rules.ts'

export interface NodeOptions {
  /** The text of `identity.secret`, or an identity that has its secret. Wins over the store. */
  readonly identity?: string | Identity
  /** A directory (in Node) or a store of your own. Default: nothing is kept. */
  readonly store?: string | StateStore
  /** Default in Node: `udpLink()`. */
  readonly link?: Link | readonly Link[]
  /** A serialized or parsed planet. Default: the store's, else the public one. */
  readonly planet?: Uint8Array | World
  readonly moons?: readonly { readonly id: WorldId | string; readonly seed: NodeId | string }[]
  /**
   * A TCP relay, IPv4 only: `auto` (default) uses it after a minute without UDP, `always` instead of UDP. There is none
   * unless `endpoint` names it.
   */
  readonly tcpRelay?: { readonly mode?: 'auto' | 'always' | 'never'; readonly endpoint?: Endpoint }
  /** Physical networks in which packets go in the clear, at most 32. Off unless you know why you need it. */
  readonly trustedPaths?: readonly TrustedPath[]
  /** What is known of the physical network: where not to go, what it carries, where to look for a node. */
  readonly paths?: PathOptions
  /**
   * Several paths to one node at once: `active-backup` (the best, another after `failoverInterval` ms of silence),
   * `broadcast` (frames by all) or `balance-rr` (in turn). Switches an automatic TCP relay off. Default: the best path.
   */
  readonly bonding?: BondingOptions
  /** What the store may keep; everything by default. */
  readonly cache?: {
    readonly identity?: boolean
    readonly networks?: boolean
    readonly peers?: boolean
    readonly roots?: boolean
  }
  readonly lowBandwidth?: boolean
  /** Time: `now()` is ms since the epoch and never goes back. */
  readonly scheduler?: SchedulerLike
  readonly random?: Random
  /** Aborting closes the node. */
  readonly signal?: AbortSignal
  /** Let the process end while the node is idle (default false). */
  readonly autoUnref?: boolean
}

/** Checks what callers said, once, and names the first thing that is wrong, with its value and what to write instead. */
export const checkedNodeOptions = (options: NodeOptions): NodeOptions => {
  const known = isRecord(options) ? options : refuse('options', options, 'pass an object like { store: "./home" }')
  for (const [name, value] of Object.entries(known)) {
    const rule = RULES[name as keyof NodeOptions]
    if (rule === undefined) refuse(name, value, `there is no such option; known are ${Object.keys(RULES).join(', ')}`)
    else if (value !== undefined && !rule.type.is(value)) refuse(name, value, rule.cure(value))
  }
  return options
}

const guard = <A>(name: string, is: (x: unknown) => x is A): t.Type<A, A, unknown> =>
  new t.Type(
    name,
    is,
    (x, context) => (is(x) ? t.success(x) : t.failure(x, context)),
    (a) => a,
  )
const withMethods = <A>(name: string, ...methods: readonly string[]): t.Type<A, A, unknown> =>
  guard(name, (x): x is A => isRecord(x) && methods.every((method) => typeof x[method] === 'function'))

const store = withMethods<StateStore>('StateStore', 'get', 'set', 'delete', 'list')
export const aStore: OptionRule = { is: store.is, cure: 'pass an object with get, set, delete and list' }

const link = guard(
  'Link',
  (x): x is Link => withMethods<Link>('Link', 'send', 'close').is(x) && isStream(x.incoming$) && isStream(x.local$),
)
const endpoint = t.type({ address: t.string, port: t.number })
const validEndpoint = guard(
  'Endpoint',
  (x): x is Endpoint =>
    isRecord(x) &&
    typeof x['address'] === 'string' &&
    parseIp(x['address']) !== undefined &&
    Number.isInteger(x['port']) &&
    (x['port'] as number) > 0 &&
    (x['port'] as number) < 65_536,
)
/** Like `t.partial`, and nothing else may be there: what is misspelled would do nothing. */
const only = (members: t.Props): t.Mixed =>
  guard(
    'only',
    (x): x is unknown => t.partial(members).is(x) && Object.keys(x).every((name) => Object.hasOwn(members, name)),
  )

interface Rule {
  readonly type: t.Mixed
  readonly cure: (value: unknown) => string
}
const rule = (type: t.Mixed, cure: string | ((value: unknown) => string)): Rule => ({
  type,
  cure: typeof cure === 'string' ? () => cure : cure,
})

const RULES: Readonly<Record<keyof NodeOptions, Rule>> = {
  identity: rule(
    t.union([t.string, guard('Identity', isIdentityObject)]),
    'pass the text of identity.secret, or what generateIdentity() gave',
  ),
  store: rule(t.union([t.string, store]), 'pass a directory or an object with get, set, delete and list'),
  link: rule(t.union([link, t.readonlyArray(link)]), 'pass what udpLink() or a virtual network gave'),
  planet: rule(
    t.union([
      guard('Uint8Array', (x): x is Uint8Array => x instanceof Uint8Array),
      t.type({ type: t.literal('planet'), roots: t.array(t.unknown) }),
    ]),
    (value) =>
      typeof value === 'string'
        ? 'a planet is bytes: read the file first, as in planet: await readFile(path)'
        : 'pass the bytes of a planet file, or what createPlanet() gave',
  ),
  moons: rule(t.readonlyArray(t.type({ id: t.string, seed: t.string })), 'pass [{ id, seed }], both in hex'),
  tcpRelay: rule(
    only({ mode: t.keyof({ auto: null, always: null, never: null }), endpoint: validEndpoint }),
    "pass { mode: 'auto' | 'always' | 'never', endpoint: { address: '192.0.2.1', port: 443 } }",
  ),
  bonding: rule(
    t.intersection([t.type({ policy: t.string }), t.partial({ failoverInterval: t.number })]),
    "pass { policy: 'active-backup' | 'broadcast' | 'balance-rr', failoverInterval?: ms }",
  ),
  trustedPaths: rule(
    t.readonlyArray(t.intersection([t.type({ prefix: t.string, id: t.bigint }), t.partial({ mtu: t.number })])),
    "pass [{ prefix: '10.1.0.0/16', id: 42n }]",
  ),
  paths: rule(
    only({
      blacklist: t.readonlyArray(t.string),
      mtu: t.readonlyArray(t.type({ prefix: t.string, mtu: t.number })),
      peers: t.record(t.string, only({ try: t.readonlyArray(endpoint), blacklist: t.readonlyArray(t.string) })),
    }),
    "pass { blacklist: ['10.1.0.0/16'], mtu: [{ prefix, mtu }], peers: { [nodeId]: { try, blacklist } } }",
  ),
  cache: rule(
    only({ identity: t.boolean, networks: t.boolean, peers: t.boolean, roots: t.boolean }),
    'pass { identity, networks, peers, roots } of true and false',
  ),
  lowBandwidth: rule(t.boolean, 'use true or false'),
  scheduler: rule(withMethods<SchedulerLike>('SchedulerLike', 'now', 'schedule'), 'pass an RxJS scheduler'),
  random: rule(t.Function, 'pass a function from a number of bytes to a Uint8Array'),
  signal: rule(guard('AbortSignal', isSignal), 'pass the signal of an AbortController'),
  autoUnref: rule(t.boolean, 'use true or false'),
}
