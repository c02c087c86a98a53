import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { parseAddress, parseNetworkId, printAddress, printMac } from '../../src/protocol/kernel/id.ts'
import type { Millis } from '../../src/protocol/kernel/machine.ts'
import { addressOf, macOf, macScheme } from '../../src/protocol/network/mac.ts'
import { type VerbName, verbCode } from '../../src/protocol/verb/verb-code.ts'
import type { Vl2Output } from '../../src/protocol/vl2-io.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { hex, unhex } from '../support/checker.ts'
import { identityNamed, NETWORK } from '../support/vl2-network.ts'
import { framesOf, packetsOf, payloadOf, type Vl2Node, vl2Node, withHeadroom } from '../support/vl2-node.ts'

/** Packets of native nodes, played to this machine in the place of the node they were captured at. */
interface Captured {
  readonly n: number
  readonly t: number
  readonly from: string
  readonly to: string
  readonly verb: string
  readonly packet_id: string
  readonly payload: string
}
const capture = (name: string): readonly Captured[] =>
  readFileSync(new URL(`../captures/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Captured)

type Named = ReturnType<typeof identityNamed>
const names = ['zr', 'zc', 'za', 'zb', 'zx', 'zy'] as const
const everybody = names.map(identityNamed)
const [root, , za, zb, zx, zy] = names.map(identityNamed) as [Named, Named, Named, Named, Named, Named]
const codeOf = (verb: string): number =>
  verbCode[verb.toLowerCase().replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase()) as VerbName]
const nodeFor = (self: typeof za, at: Millis) =>
  vl2Node({ crypto: nobleCrypto, self, at, known: everybody, roots: [root.address] })
const hear = (node: Vl2Node, packet: Captured): readonly Vl2Output[] => {
  const from = everybody.find(({ address }) => printAddress(address) === packet.from)!
  node.hear(from, codeOf(packet.verb), unhex(packet.payload), BigInt(`0x${packet.packet_id}`))
  return node.take()
}
/** What a node hears of VL2: without what VL1 keeps to itself. */
const heardBy = (packets: readonly Captured[], self: typeof za): readonly Captured[] => {
  const vl1 = new Set(['HELLO', 'WHOIS', 'RENDEZVOUS', 'PUSH_DIRECT_PATHS', 'ECHO'])
  return packets.filter(
    ({ to, verb, payload }) =>
      to === printAddress(self.address) && !vl1.has(verb) && !(verb === 'OK' && /^0[148]/.test(payload)),
  )
}
/** The clock of the nodes when the capture began: what the controller wrote into its first configuration. */
const JOINED_AT: Millis = 0x01a2021e1bed

describe('a native controller', () => {
  const answer = capture('02-join-za').find(({ verb, payload }) => verb === 'OK' && payload.startsWith('0b'))!

  it('lets this node into its network', () => {
    const node = nodeFor(za, JOINED_AT)
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    const outputs = hear(node, answer)
    expect(outputs.find((one) => one._tag === 'Network')).toMatchObject({
      status: 'ok',
      config: {
        name: 'testbed',
        type: 'private',
        mtu: 2800,
        staticIps: [
          { address: 'fd60:ca64:43ca:a563:6099:931a:2b1:66b2', bits: 88 },
          { address: '10.121.0.43', bits: 24 },
        ],
        routes: [{ target: { address: '10.121.0.0', bits: 24 }, via: undefined }],
      },
    })
    expect(outputs.filter((one) => one._tag === 'Drop')).toEqual([])
    expect(node.state.table.byId.get(NETWORK)?.active?.rules.base.heads).toEqual(Uint8Array.of(1))
  })

  it('is asked in the words it was asked by a native node', () => {
    const node = nodeFor(za, JOINED_AT)
    node.give({ _tag: 'Join', network: NETWORK })
    const native = capture('02-join-za').find(({ verb }) => verb === 'NETWORK_CONFIG_REQUEST')!
    const own = packetsOf(node.take()).find(({ verb }) => verb === verbCode.networkConfigRequest)!
    expect(hex(payloadOf(own))).toBe(native.payload)
  })

  it('gets its push confirmed as a native node does', () => {
    const packets = capture('06-libzt-boot-join-zx')
    const push = packets.find(({ verb }) => verb === 'NETWORK_CONFIG')!
    const native = packets.find(({ verb, payload }) => verb === 'OK' && payload.startsWith(`08${push.packet_id}`))!
    const node = nodeFor(zx, JOINED_AT)
    node.give({ _tag: 'Join', network: NETWORK })
    for (const packet of heardBy(packets, zx)) if (packet.n < push.n) hear(node, packet)
    const own = packetsOf(hear(node, push)).find(({ verb }) => verb === verbCode.ok)!
    expect(hex(payloadOf(own))).toBe(native.payload)
  })
})

describe('a native member', () => {
  /** A node in the place of za, at work with the configuration that the native controller gave it. */
  const member = (): Vl2Node => {
    const node = nodeFor(za, JOINED_AT)
    node.give({ _tag: 'Join', network: NETWORK })
    for (const packet of heardBy(capture('02-join-za'), za)) hear(node, packet)
    node.take()
    return node
  }

  it('is found by ARP and answers', () => {
    const node = member()
    const packets = capture('03-first-contact-za')
    const asked = packets.find(({ verb }) => verb === 'MULTICAST_FRAME')!
    const scheme = macScheme(NETWORK)
    const question: Frame = {
      to: 0xffff_ffff_ffff as Frame['to'],
      from: macOf(scheme, za.address),
      etherType: 0x0806,
      payload: withHeadroom(unhex(asked.payload.slice(2 * (8 + 1 + 4 + 6 + 4 + 2)))),
    }
    node.give({ _tag: 'Frames', network: NETWORK, frames: [question] })
    const gathers = packets.filter(({ verb, from }) => verb === 'MULTICAST_GATHER' && from === '1a02b166b2').slice(0, 2)
    const own = packetsOf(node.take())
    expect(own.map(({ to, verb }) => [printAddress(to), verb])).toEqual(
      gathers.map(({ to }) => [to, verbCode.multicastGather]),
    )
    expect(hex(payloadOf(own[0]!))).toBe(gathers[0]!.payload)
    const frames: Frame[] = []
    const sent: string[] = []
    for (const packet of heardBy(packets, za)) {
      const outputs = hear(node, packet)
      frames.push(...framesOf(outputs))
      sent.push(...packetsOf(outputs).map(({ to, verb }) => `${printAddress(to)} ${verb}`))
      expect(outputs.filter((one) => one._tag === 'Drop')).toEqual([])
    }
    const zbText = printAddress(zb.address)
    expect(sent.slice(0, 2)).toEqual([
      `${zbText} ${verbCode.networkCredentials}`,
      `${zbText} ${verbCode.multicastFrame}`,
    ])
    const multicast = frames[0]!
    expect([multicast.etherType, printMac(multicast.from)]).toEqual([0x0806, printMac(macOf(scheme, zb.address))])
    expect(addressOf(scheme, multicast.from)).toBe(parseAddress(zbText))
    expect(frames.length).toBe(heardBy(packets, za).filter(({ verb }) => verb === 'FRAME').length)
  })

  it('is kept waiting while this node has no configuration', () => {
    const node = nodeFor(zb, JOINED_AT)
    node.give({ _tag: 'Join', network: NETWORK })
    const packets = heardBy(capture('03-first-contact-zb'), zb)
    const first = packets.findIndex(({ verb }) => verb === 'MULTICAST_FRAME')
    expect(first).toBeGreaterThanOrEqual(0)
    const frames = packets.slice(0, first + 1).flatMap((packet) => framesOf(hear(node, packet)))
    // without a configuration of its own it cannot tell whether to let za in: the frame waits
    expect(frames).toEqual([])
    expect(node.state.held.length).toBeGreaterThan(0)
  })
})

describe('native members of an ad-hoc network', () => {
  it('are heard without a controller', () => {
    const network = parseNetworkId('ff0000ffff000000')!
    const packets = capture('05-adhoc-zx')
    const node = nodeFor(zx, 0x01a20232e526)
    node.give({ _tag: 'Join', network })
    expect(packetsOf(node.take()).filter(({ verb }) => verb !== verbCode.multicastLike)).toEqual([])
    const frames = heardBy(packets, zx).flatMap((packet) => framesOf(hear(node, packet)))
    const mac = macOf(macScheme(network), zy.address)
    expect(frames).toHaveLength(heardBy(packets, zx).filter(({ verb }) => verb === 'FRAME').length)
    expect(frames.every(({ from, etherType }) => from === mac && etherType === 0x86dd)).toBe(true)
  })

  it('get frames that are byte for byte those of a native member', () => {
    const network = parseNetworkId('ff0000ffff000000')!
    const native = capture('05-adhoc-zx').filter(({ verb, from }) => verb === 'FRAME' && from === 'ba55e86f84')
    const node = nodeFor(zx, 0x01a20232e526)
    node.give({ _tag: 'Join', network })
    node.take()
    const scheme = macScheme(network)
    const [from, to] = [macOf(scheme, zx.address), macOf(scheme, zy.address)]
    const payloads = native.map(({ payload }) => withHeadroom(unhex(payload.slice(20))))
    node.give({
      _tag: 'Frames',
      network,
      frames: payloads.map((payload) => ({ from, to, etherType: 0x86dd, payload })),
    })
    expect(packetsOf(node.take()).map((one) => hex(payloadOf(one)))).toEqual(native.map(({ payload }) => payload))
  })
})
