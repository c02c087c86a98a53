import { readFileSync } from 'node:fs'
import { type Identity, parseIdentity, type SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import { encode, writeU64 } from '../../src/protocol/kernel/codec.ts'
import type { Address, NetworkId } from '../../src/protocol/kernel/id.ts'
import { address, parseNetworkId } from '../../src/protocol/kernel/id.ts'
import type { Millis } from '../../src/protocol/kernel/machine.ts'
import { chunkPackets } from '../../src/protocol/network/chunk.ts'
import type { NetworkConfig } from '../../src/protocol/network/config.ts'
import { encodeConfig } from '../../src/protocol/network/config-dictionary.ts'
import { com, issueCom } from '../../src/protocol/network/credential/com.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { HEADER } from '../../src/protocol/vl1-io.ts'
import type { Vl2Output } from '../../src/protocol/vl2-io.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { packetsOf, payloadOf, START, type Vl2Node, vl2Node } from './vl2-node.ts'

/** The throw-away identities of the capture network: `zc` is the controller of `NETWORK`, `zr` its root. */
export const identityNamed = (name: 'zr' | 'zc' | 'za' | 'zb' | 'zx' | 'zy'): SecretIdentity => {
  const read = parseIdentity(readFileSync(new URL(`../captures/ids/${name}.identity.secret`, import.meta.url), 'utf8'))
  if (read._tag === 'Left' || read.right.secretKey === undefined) throw new Error(`identity ${name}`)
  return { ...read.right, secretKey: read.right.secretKey }
}
export const NETWORK: NetworkId = parseNetworkId('60ca6443caa56360')!

/** A plain private network: broadcast on, everything accepted, one IPv4 address. */
export const configFor = (
  controller: SecretIdentity,
  member: Identity,
  now: Millis,
  changes: Partial<NetworkConfig> = {},
): NetworkConfig => ({
  networkId: NETWORK,
  timestamp: BigInt(now),
  credentialTimeMaxDelta: 1_800_000n,
  revision: 1n,
  issuedTo: member.address,
  remoteTraceTarget: address(0),
  remoteTraceLevel: 0n,
  flags: 2n,
  multicastLimit: 32,
  type: 'private',
  name: 'test',
  mtu: 2800,
  com: encode(com, issueCom(nobleCrypto, controller, NETWORK, member, now, 1_800_000)),
  capabilities: [],
  tags: [],
  ownership: [],
  specialists: [],
  routes: [],
  staticIps: [{ address: `10.121.0.${member.address & 0xff}`, bits: 24 }],
  rules: Uint8Array.of(1, 0),
  dns: undefined,
  sso: {
    enabled: false,
    version: 0,
    authenticationUrl: '',
    authenticationExpiry: 0n,
    issuerUrl: '',
    centralUrl: '',
    nonce: '',
    state: '',
    clientId: '',
    provider: 'default',
  },
  ...changes,
})

/** The payloads of NETWORK_CONFIG for a configuration, or of OK to the request `inRe`. */
export const chunksOf = (
  controller: SecretIdentity,
  config: NetworkConfig,
  updateId: bigint,
  inRe?: bigint,
): readonly Uint8Array[] =>
  chunkPackets(
    nobleCrypto,
    controller,
    config.networkId,
    encodeConfig(config),
    updateId,
    inRe === undefined ? 0 : 9,
  ).map((packet) => {
    const payload = packet.subarray(HEADER)
    if (inRe === undefined) return payload
    payload[0] = verbCode.networkConfigRequest
    writeU64(payload, 1, inRe)
    return payload
  })

/**
 * Some nodes and a controller, joined by a wire that takes `LATENCY` and loses what `loses` says. The controller is a
 * few lines: it answers the authorized, denies others, and ignores requests that come too fast, as real ones do.
 */
export interface Vl2Network {
  readonly nodes: ReadonlyMap<Address, Vl2Node>
  readonly authorized: Set<Address>
  /** What the machines put out, packets included. */
  readonly seen: (readonly [Address, Vl2Output])[]
  readonly log: { readonly at: Millis; readonly from: Address; readonly to: Address; readonly verb: number }[]
  now: Millis
  /** Packets for which it answers `true` do not arrive. */
  loses: (from: Address, to: Address, verb: number) => boolean
  readonly passTo: (time: Millis) => void
}

export const vl2Network = (
  controller: SecretIdentity,
  members: readonly SecretIdentity[],
  root: Identity,
  changes: Partial<NetworkConfig> = {},
): Vl2Network => {
  const everybody = [controller, ...members, root]
  const machines = new Map<Address, Vl2Node>()
  for (const [i, self] of [...members, root].entries())
    machines.set(
      self.address,
      vl2Node({ crypto: nobleCrypto, self, known: everybody, roots: [root.address], seed: i + 1 }),
    )
  const wire: { at: Millis; from: Address; to: Address; verb: number; payload: Uint8Array; id: bigint }[] = []
  const answered = new Map<Address, Millis>()
  let ids = 1n
  const put = (from: Address, to: Address, verb: number, payload: Uint8Array): void => {
    network.log.push({ at: network.now, from, to, verb })
    if (network.loses(from, to, verb)) return
    wire.push({ at: network.now + LATENCY, from, to, verb, payload: payload.slice(), id: ids++ })
  }
  const collect = (): void => {
    for (const [from, node] of machines)
      for (const output of node.take()) {
        network.seen.push([from, output])
        for (const packet of packetsOf([output])) put(from, packet.to, packet.verb, payloadOf(packet))
      }
  }
  const control = (from: Address, verb: number, id: bigint): void => {
    if (verb !== verbCode.networkConfigRequest) return
    if (network.now - (answered.get(from) ?? Number.NEGATIVE_INFINITY) <= 1000) return
    answered.set(from, network.now)
    const member = everybody.find((one) => one.address === from)!
    if (network.authorized.has(from)) {
      const config = configFor(controller, member, network.now, changes)
      for (const payload of chunksOf(controller, config, id + 1n, id))
        put(controller.address, from, verbCode.ok, payload)
    } else {
      const payload = new Uint8Array(18)
      payload[0] = verbCode.networkConfigRequest
      writeU64(payload, 1, id)
      payload[9] = 7
      writeU64(payload, 10, NETWORK)
      put(controller.address, from, verbCode.error, payload)
    }
  }
  const network = {
    nodes: machines,
    authorized: new Set(members.map((one) => one.address)),
    log: [] as { at: Millis; from: Address; to: Address; verb: number }[],
    seen: [] as (readonly [Address, Vl2Output])[],
    now: START,
    loses: (_from: Address, _to: Address, _verb: number): boolean => false,
    passTo: (time: Millis): void => {
      for (let busy = true; busy; ) {
        collect()
        const next = Math.min(time, ...wire.map(({ at }) => at), ...[...machines.values()].map((one) => one.deadline()))
        network.now = Math.max(network.now, next)
        for (const node of machines.values()) node.passTo(network.now)
        collect()
        const due = wire.filter(({ at }) => at <= network.now)
        wire.splice(0, wire.length, ...wire.filter(({ at }) => at > network.now))
        for (const { from, to, verb, payload, id } of due) {
          if (to === controller.address) control(from, verb, id)
          else machines.get(to)?.hear(everybody.find((one) => one.address === from)!, verb, payload, id)
        }
        collect()
        busy = network.now < time || due.length > 0
      }
    },
  }
  return network
}

export const LATENCY: Millis = 5
