import { type Identity, parseIdentity } from '../../../src/protocol/crypto/identity.ts'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import {
  type Address,
  parseAddress,
  parseMac,
  parseNetworkId,
  printAddress,
  printMac,
} from '../../../src/protocol/kernel/id.ts'
import { adhocConfig } from '../../../src/protocol/network/adhoc.ts'
import type { NetworkConfig, Specialist } from '../../../src/protocol/network/config.ts'
import { encodeConfig } from '../../../src/protocol/network/config-dictionary.ts'
import { capability } from '../../../src/protocol/network/credential/capability.ts'
import { ownership } from '../../../src/protocol/network/credential/ownership.ts'
import { tag } from '../../../src/protocol/network/credential/tag.ts'
import { memberOf } from '../../../src/protocol/network/member.ts'
import { networkCredentials } from '../../../src/protocol/verb/network-credentials.ts'
import { type VerbName, verbCode, verbName } from '../../../src/protocol/verb/verb-code.ts'
import type { Vl2Output } from '../../../src/protocol/vl2-io.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { attempt, type Checker, differs, hex, unhex } from '../checker.ts'
import { framesOf, packetsOf, payloadOf, START, type Vl2Node, vl2Node, withHeadroom } from '../vl2-node.ts'

interface Result {
  readonly delivered_to_tap: readonly Tap[]
  readonly packets_sent: readonly { readonly to: string; readonly verb: string; readonly payload: string }[]
  readonly network_status: string
}
interface Tap {
  readonly source_mac: string
  readonly dest_mac: string
  readonly ethertype: number
  readonly payload: string
}
interface ScenarioStep extends Tap {
  readonly op: 'receive' | 'tap_send' | 'advance_clock' | 'subscribe' | 'periodic' | 'request_configuration'
  readonly note: string
  readonly time: number
  readonly from: string
  readonly verb: string
  readonly packet_id: string
  readonly result: Result
}
interface Scenario {
  readonly name: string
  readonly node: string
  readonly network_id: string
  readonly setup: {
    readonly network_type?: string
    readonly multicast_limit: number
    readonly config_timestamp: number
    readonly flags: string
    readonly controller: string
    readonly own_com?: string
    readonly active_bridges?: readonly string[]
    readonly static_ips?: readonly string[]
  }
  readonly steps: readonly ScenarioStep[]
}

/**
 * Scenarios of a running node, played against the VL2 machine. Where this node acts on events and native ones on ticks,
 * the outcome of a step and of the clock's advance after it are compared together; a frame that was held may come with
 * the certificate it waited for.
 */
const behaviour: Checker = (file) => {
  const identities = file['identities'].map((one: { identity: string }) => identityOf(one.identity)) as Identity[]
  const roots = (file['root_addresses'] as string[]).map(addressOf)
  return (file.cases as readonly Scenario[]).map((c) => attempt(c.name, () => play(c, identities, roots)))
}

const play = (c: Scenario, identities: readonly Identity[], roots: readonly Address[]): string | undefined => {
  const self = identities.find((one) => printAddress(one.address) === c.node)!
  const node = vl2Node({ crypto: nobleCrypto, self, known: identities, roots, bestRoot: addressOf('cafe9efeb9') })
  const network = parseNetworkId(c.network_id)!
  let config = c.setup.network_type === undefined ? undefined : configOf(c, self)
  node.give(config === undefined ? { _tag: 'Join', network } : { _tag: 'Join', network, cached: encodeConfig(config) })
  const joined = node.state.table.byId.get(network)!
  const controller = identities[0]!
  node.take()
  if (c.name.includes('revocation')) memberOf(joined, addressOf('32a008b98b'))
  let owed: Result = nothing
  let announced: Result['packets_sent'] = []
  const hearConfig = (next: NetworkConfig): void => {
    node.hear(controller, verbCode.networkConfig, legacyChunk(c.network_id, encodeConfig(next)))
    node.take()
  }
  for (const [i, step] of c.steps.entries()) {
    const before = changeBefore(c, step, i, config)
    if (before !== undefined) {
      config = before
      hearConfig(config)
    }
    if (step.note.startsWith('request when a config is held')) {
      // the refusal heard before outlasts a configuration only if it comes after it
      hearConfig(configOf({ ...c, setup: PLAIN }, self))
      act(node, c.steps[i - 1]!, identities, network)
      node.take()
    }
    node.passTo(step.time)
    const passing = node.take()
    if (step.op === 'advance_clock') owed = merge(owed, resultOf(passing))
    else announced = [...announced, ...resultOf(passing).packets_sent.filter(({ verb }) => verb === 'MULTICAST_LIKE')]
    act(node, step, identities, network)
    let found = merge(resultOf(node.take(), step.op === 'request_configuration'), owed)
    owed = nothing
    // announcements are made on time, not when the next packet or pass gives the occasion
    const timely = announced.filter((one) => sorted(step.result.packets_sent).includes(sorted([one])[0]!))
    announced = announced.filter((one) => !timely.includes(one))
    found = merge(found, { ...nothing, packets_sent: timely })
    let expected = step.result
    const following = c.steps[i + 1]
    if (following?.op === 'advance_clock') {
      // what a native node does on its next tick, this one may do at once
      owed = found
      continue
    }
    if (step.verb === 'NETWORK_CREDENTIALS') found = { ...found, delivered_to_tap: [] }
    if (step.op === 'advance_clock' && i > 0) expected = merge(c.steps[i - 1]!.result, expected)
    const wrong =
      differs(`step ${i} (${step.note}): to the host`, found.delivered_to_tap, expected.delivered_to_tap) ??
      differs(`step ${i} (${step.note}): sent`, sorted(found.packets_sent), sorted(expected.packets_sent))
    if (wrong !== undefined) return wrong
    const status = statusName[joined.failure ?? (joined.active === undefined ? 'requesting' : 'ok')]
    if (status !== step.result.network_status) return `step ${i} (${step.note}): status ${status}`
  }
  return undefined
}

const act = (node: Vl2Node, step: ScenarioStep, identities: readonly Identity[], network: bigint) => {
  const id = network as NonNullable<ReturnType<typeof parseNetworkId>>
  switch (step.op) {
    case 'receive': {
      const from = identities.find((one) => printAddress(one.address) === step.from)!
      return node.hear(from, verbCode[camel(step.verb)], unhex(step.payload), BigInt(`0x${step.packet_id}`))
    }
    case 'tap_send': {
      const [from, to] = [parseMac(step.source_mac)!, parseMac(step.dest_mac)!]
      const payload = withHeadroom(unhex(step.payload))
      return node.give({ _tag: 'Frames', network: id, frames: [{ from, to, etherType: step.ethertype, payload }] })
    }
    case 'subscribe': {
      const wanted = step.result.packets_sent[0]!.payload
      const group = {
        mac: parseMac(wanted.slice(16, 28).replace(/..(?!$)/g, '$&:'))!,
        adi: Number.parseInt(wanted.slice(28), 16),
      }
      return node.give({ _tag: 'Groups', network: id, groups: [group] })
    }
    case 'request_configuration': {
      const joined = node.state.table.byId.get(id)!
      joined.requestAt = node.now()
      joined.requestedAt = -Infinity
      if (joined.active !== undefined) joined.refreshAt = node.now()
      return node.give({ _tag: 'Online' })
    }
    case 'periodic':
      // the native pass comes every 5 s and finds this due; here the announcement before came with the last minute
      if (!step.note.startsWith('periodic')) return
      node.state.table.byId.get(id)!.announceAt = node.now()
      node.state.wakeAt = node.now()
      return node.passTo(node.now())
    default:
      return
  }
}

/** What the notes say that the network's configuration became before a step. */
const changeBefore = (
  c: Scenario,
  step: ScenarioStep,
  at: number,
  config: NetworkConfig | undefined,
): NetworkConfig | undefined => {
  if (config === undefined) return undefined
  const next = { ...config, timestamp: config.timestamp + 1n }
  if (step.note.startsWith('broadcast disabled by config')) return { ...next, flags: 0n }
  if (step.note.startsWith('multicast limit 0') || step.note.startsWith('multicast disabled (limit 0)'))
    return { ...next, multicastLimit: 0 }
  if (step.note.startsWith('member count >= limit')) return { ...next, multicastLimit: 1 }
  if (step.note.startsWith('emulation flag off')) return { ...next, flags: 0n }
  if (at === 1 && c.name.includes('replicators'))
    return { ...next, specialists: [...config.specialists, specialist(c.node, { multicastReplicator: true })] }
  if (at === 1 && c.name.includes('TEE target')) return { ...next, rules: unhex(`020e000000${c.node}0000000000000000`) }
  return undefined
}

const configOf = (c: Scenario, self: Identity): NetworkConfig => {
  const { setup } = c
  const base = adhocConfig(0xff00_0000_0000_0000n as never, self.address, setup.config_timestamp)
  if (base === undefined || base === 'not-found') throw new Error('the base configuration')
  const shown = c.steps[0]!.result.packets_sent.find(({ verb }) => verb === 'NETWORK_CREDENTIALS')
  const own =
    shown === undefined || setup.own_com === undefined ? undefined : decode(networkCredentials, unhex(shown.payload))
  const having = own?._tag === 'Right' ? own.right : undefined
  return {
    ...base,
    networkId: parseNetworkId(c.network_id)!,
    timestamp: BigInt(setup.config_timestamp),
    revision: 0x1234n,
    flags: BigInt(`0x${setup.flags}`),
    multicastLimit: setup.multicast_limit,
    type: setup.network_type === 'PUBLIC' ? 'public' : 'private',
    com: setup.own_com === undefined ? undefined : unhex(setup.own_com),
    capabilities: having?.capabilities.map((one) => encode(capability, one)) ?? [],
    tags: having?.tags.map((one) => encode(tag, one)) ?? [],
    ownership: having?.ownership.map((one) => encode(ownership, one)) ?? [],
    specialists: (setup.active_bridges ?? []).map((one) => specialist(one, { activeBridge: true })),
    staticIps: (setup.static_ips ?? []).map((one) => {
      const [ip = '', bits] = one.split('/')
      return { address: ip, bits: Number(bits) }
    }),
    rules: c.name.includes('rules drop the frame') ? Uint8Array.of(0, 0) : Uint8Array.of(1, 0),
  }
}

const specialist = (text: string, roles: Partial<Specialist>): Specialist => ({
  address: addressOf(text),
  activeBridge: false,
  anchor: false,
  multicastReplicator: false,
  ...roles,
})

/** The old unsigned form, which a node takes from the controller itself. */
const legacyChunk = (network: string, dictionary: Uint8Array): Uint8Array =>
  unhex(network + dictionary.length.toString(16).padStart(4, '0') + hex(dictionary))

const resultOf = (outputs: readonly Vl2Output[], requests = false): Result => ({
  delivered_to_tap: framesOf(outputs).map(({ from, to, etherType, payload }) => ({
    source_mac: printMac(from),
    dest_mac: printMac(to),
    ethertype: etherType,
    payload: hex(payload),
  })),
  packets_sent: packetsOf(outputs)
    .filter(({ verb }) => requests || verb !== verbCode.networkConfigRequest)
    .map((packet) => ({
      to: printAddress(packet.to),
      verb: snake(verbName(packet.verb)!),
      payload: hex(payloadOf(packet)),
    })),
  network_status: '',
})
const nothing: Result = { delivered_to_tap: [], packets_sent: [], network_status: '' }
const merge = (a: Result, b: Result): Result => ({
  ...b,
  delivered_to_tap: [...a.delivered_to_tap, ...b.delivered_to_tap],
  packets_sent: [...a.packets_sent, ...b.packets_sent],
})
/** The order among recipients of one multicast is random. */
const sorted = (packets: Result['packets_sent']): readonly string[] =>
  packets.map(({ to, verb, payload }) => `${to} ${verb} ${payload}`).sort()

const snake = (name: string): string => name.replace(/[A-Z]/g, '_$&').toUpperCase()
const camel = (name: string): VerbName =>
  name.toLowerCase().replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase()) as VerbName
const addressOf = (text: string): Address => parseAddress(text)!
const identityOf = (text: string): Identity => {
  const read = parseIdentity(text)
  if (read._tag === 'Left') throw new Error(read.left)
  return read.right
}
const statusName = {
  requesting: 'REQUESTING_CONFIGURATION',
  ok: 'OK',
  denied: 'ACCESS_DENIED',
  'not-found': 'NOT_FOUND',
  'auth-required': 'AUTHENTICATION_REQUIRED',
  'port-error': 'PORT_ERROR',
  'too-old': 'CLIENT_TOO_OLD',
} as const

/** Networks whose configuration a node makes for itself. */
const adhoc: Checker = (file) =>
  file.cases.map((c) =>
    attempt(c.nwid, () => {
      const self = identityOf(c.node.identity)
      const network = parseNetworkId(c.nwid)!
      const node = vl2Node({ crypto: nobleCrypto, self, at: c.now })
      node.give({ _tag: 'Join', network })
      const outputs = node.take()
      const joined = node.state.table.byId.get(network)!
      const status = statusName[joined.failure ?? (joined.active === undefined ? 'requesting' : 'ok')]
      const found = joined.active?.config
      const wrong =
        differs('status', status, c.status) ??
        differs('packets', packetsOf(outputs).length, c.packets_sent) ??
        differs('configuration', found !== undefined, c.has_config) ??
        differs('mac', printMac(joined.ownMac), c.mac)
      if (wrong !== undefined || found === undefined) return wrong
      const expected = c.config
      return (
        differs('rules', hex(found.rules), c.rules_encoded) ??
        differs('name', found.name, expected.name) ??
        differs(
          'IPs',
          found.staticIps.map((one) => `${one.address}/${one.bits}`),
          expected.staticIps,
        ) ??
        differs('limit', found.multicastLimit, expected.multicastLimit) ??
        differs('flags', found.flags, BigInt(`0x${expected.flags}`)) ??
        differs('type', found.type.toUpperCase(), expected.type) ??
        differs('mtu', found.mtu, expected.mtu) ??
        differs('times', [found.timestamp, found.credentialTimeMaxDelta, found.revision].map(Number), [
          expected.timestamp,
          expected.credentialTimeMaxDelta,
          expected.revision,
        ]) ??
        differs(
          'specialists',
          found.specialists.map((one) => ({ ...one, address: printAddress(one.address) })),
          expected.specialists.map(({ raw: _raw, ...one }: { raw: string }) => one),
        )
      )
    }),
  )

const PLAIN: Scenario['setup'] = {
  network_type: 'PRIVATE',
  multicast_limit: 32,
  config_timestamp: START,
  flags: '2',
  controller: '',
}

export const vl2Behaviour: Readonly<Record<string, Checker>> = { behaviour, adhoc }
