import { expect, it } from 'vitest'
import { decode, encode } from '../../src/protocol/kernel/codec.ts'
import type { NetworkConfig } from '../../src/protocol/network/config.ts'
import { issueCom } from '../../src/protocol/network/credential/com.ts'
import { parseDictionary, text, unsigned } from '../../src/protocol/network/dictionary.ts'
import { macOf, macScheme } from '../../src/protocol/network/mac.ts'
import { TRACES } from '../../src/protocol/network/remote-trace.ts'
import { networkCredentials, noCredentials } from '../../src/protocol/verb/network-credentials.ts'
import { remoteTrace } from '../../src/protocol/verb/remote-trace.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { nobleCrypto as crypto } from '../../src/streams/io/crypto-noble.ts'
import { unhex } from '../support/checker.ts'
import { chunksOf, configFor, identityNamed, NETWORK } from '../support/vl2-network.ts'
import { framesOf, packetsOf, payloadOf, START, type Vl2Node, vl2Node, withHeadroom } from '../support/vl2-node.ts'

type Named = ReturnType<typeof identityNamed>
const [controller, za, zb, zx] = (['zc', 'za', 'zb', 'zx'] as const).map(identityNamed) as [Named, Named, Named, Named]
const [own, bobs] = [za, zb].map((one) => macOf(macScheme(NETWORK), one.address)) as [never, never]
/** Lets nothing pass. */
const drop = Uint8Array.of(0, 0)
const bob = encode(networkCredentials, {
  ...noCredentials,
  coms: [issueCom(crypto, controller, NETWORK, zb, START, 1_800_000)],
})

const member = (changes: Partial<NetworkConfig>): Vl2Node => {
  const node = vl2Node({ crypto, self: za, known: [za, zb, zx, controller] })
  node.give({ _tag: 'Join', network: NETWORK })
  const config = configFor(controller, za, START, { rules: drop, remoteTraceTarget: zx.address, ...changes })
  node.hear(controller, verbCode.networkConfig, chunksOf(controller, config, 7n)[0]!)
  node.hear(zb, verbCode.networkCredentials, bob)
  node.take()
  return node
}
/** What the target is told, event by event. */
const told = (node: Vl2Node) =>
  packetsOf(node.take())
    .filter(({ verb }) => verb === verbCode.remoteTrace)
    .flatMap((packet) => {
      expect(packet.to).toBe(zx.address)
      const read = decode(remoteTrace, payloadOf(packet))
      if (read._tag === 'Left') throw new Error('no traces')
      return read.right.map(parseDictionary)
    })
const frameFrom = (one: Named): readonly [Named, number, Uint8Array] => [
  one,
  verbCode.frame,
  unhex('60ca6443caa56360080045'),
]
const send = (node: Vl2Node): void => {
  const frame = { from: own, to: bobs, etherType: 0x0800, payload: withHeadroom(Uint8Array.of(0x45, 0)) }
  node.give({ _tag: 'Frames', network: NETWORK, frames: [frame] })
}

it('tells the node that the network names which frames were dropped, in both directions', () => {
  const node = member({ remoteTraceLevel: 10n })
  send(node)
  const [out] = told(node)
  expect(text(out!, 'event', 9)).toBe('2000')
  expect([unsigned(out!, 'networkId'), unsigned(out!, 'sourceMac'), unsigned(out!, 'destMac')]).toEqual([
    NETWORK,
    BigInt(own),
    BigInt(bobs),
  ])
  expect([unsigned(out!, 'etherType'), unsigned(out!, 'frameLength')]).toEqual([0x0800n, 2n])
  node.hear(...frameFrom(zb), 77n)
  const [into] = told(node)
  expect(text(into!, 'event', 9)).toBe('2002')
  expect([unsigned(into!, 'packetId'), unsigned(into!, 'remoteZtAddr')]).toEqual([77n, BigInt(zb.address)])
})

it('tells of who has not shown a certificate, and of a certificate that was not taken', () => {
  const node = member({ remoteTraceLevel: 10n })
  node.hear(...frameFrom(zx))
  expect(told(node).map((one) => text(one, 'event', 9))).toEqual(['2001'])
  const forged = issueCom(crypto, zb, NETWORK, zb, START + 1, 1_800_000)
  node.hear(zb, verbCode.networkCredentials, encode(networkCredentials, { ...noCredentials, coms: [forged] }))
  const [one] = told(node)
  expect(text(one!, 'event', 9)).toBe('2003')
  expect([unsigned(one!, 'credType'), unsigned(one!, 'credIssuedTo')]).toEqual([1n, BigInt(zb.address)])
})

it('tells nothing of a level above the one that was asked for, and nothing where no node is named', () => {
  const quiet = member({ remoteTraceLevel: 0n })
  send(quiet)
  expect(told(quiet)).toEqual([])
  const none = member({ remoteTraceLevel: 10n, remoteTraceTarget: 0 as never })
  send(none)
  expect(told(none)).toEqual([])
})

it('cannot be made to flood the node that is named', () => {
  const node = member({ remoteTraceLevel: 10n })
  for (let i = 0; i < 3 * TRACES; i++) node.hear(...frameFrom(zb), BigInt(i))
  expect(told(node)).toHaveLength(TRACES)
  node.passTo(node.now() + 1_000)
  node.take()
  send(node)
  expect(told(node)).toHaveLength(1)
})

/** ETHERTYPE ARP, IP_PROTOCOL TCP, DROP, NOT ETHERTYPE ARP, ACCEPT. */
const sorting = unhex('250208062401060000a50208060100')

it('tells at the level of rules how they decided about each frame, match by match', () => {
  const node = member({ remoteTraceLevel: 15n, rules: sorting })
  send(node)
  const [out] = told(node)
  expect(text(out!, 'event', 9)).toBe('2006')
  expect([text(out!, 'sourceZtAddr', 20), text(out!, 'destZtAddr', 20)]).toEqual(
    [za, zb].map((one) => one.address.toString(16).padStart(10, '0')),
  )
  expect([text(out!, 'filterInbound', 9), text(out!, 'filterNoTee', 9), unsigned(out!, 'filterResult')]).toEqual([
    '0',
    '0',
    1n,
  ])
  expect([unsigned(out!, 'frameLength'), out!.get('frameData')]).toEqual([2n, Uint8Array.of(0x45, 0)])
  const log = out!.get('filterBaseRuleLog')!
  // the first found nothing and ended the set, the second was skipped, the fourth found nothing, which is what it wants
  expect([log.length, ...log.subarray(0, 3)]).toEqual([512, 0x16, 0x60, 0])
  node.hear(...frameFrom(zb), 77n)
  const [into] = told(node)
  expect([text(into!, 'filterInbound', 9), unsigned(into!, 'filterResult')]).toEqual(['1', 1n])
  expect(into!.has('filterCapRuleLog')).toBe(false)
})

it('keeps what rules decided to itself below that level, and decides the same', () => {
  const node = member({ remoteTraceLevel: 10n, rules: sorting })
  send(node)
  expect(told(node)).toEqual([])
  node.hear(...frameFrom(zb), 77n)
  expect(framesOf(node.take())).toHaveLength(1)
})
