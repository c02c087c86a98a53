import { describe, expect, it } from 'vitest'
import { agree } from '../../src/protocol/crypto/agreement.ts'
import { decode } from '../../src/protocol/kernel/codec.ts'
import { printAddress } from '../../src/protocol/kernel/id.ts'
import { cipherOf, destinationOf, verbOf } from '../../src/protocol/packet/header.ts'
import { printEndpoint } from '../../src/protocol/peer/endpoint.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { world } from '../../src/protocol/world/world.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { capturedDatagrams, capturedNodes, capturedPackets, capturedPlanet } from '../support/captures.ts'
import { hex } from '../support/checker.ts'
import { identityOf, World1 } from './vl1-world.ts'

const zr = identityOf('zr')

/** Our machine in the place of the captured root, given what that one received; the OKs that it sends. */
const answersOf = (capture: string): readonly string[] => {
  const planet = decode(world, capturedPlanet())
  if (planet._tag === 'Left') throw new Error('no planet')
  const net = new World1()
  net.validation = 0
  net.lose = () => true
  const root = net.add('root', zr, '10.99.0.1/9993', { planet: planet.right })
  for (const { from, data } of capturedDatagrams(capture)) {
    if (from.address === '10.99.0.1') continue
    net.inject(root, printEndpoint(from), data)
    net.run(1_000)
  }
  return net.wire.flatMap(({ data }) => {
    const to = capturedNodes.find(({ address }) => address === destinationOf(data))!
    const cipher = cipherOf(data)
    if (nobleCrypto.session(agree(nobleCrypto, zr, to)!).open([data])[0] !== true) return ['unreadable']
    if (verbOf(data) !== verbCode.ok) return []
    return [`${printAddress(to.address)} suite ${cipher} ${hex(data.subarray(28))}`]
  })
}

describe('a root made of our machine', () => {
  it.each([
    ['00-root-controller-boot-zr', '60ca6443ca'],
    ['01-boot-zr', '1a02b166b2'],
  ])('answers %s word for word like the native one', (capture, node) => {
    const native = capturedPackets(capture)
      .filter((packet) => packet.to === node && packet.verb === 'OK')
      .map((packet) => `${node} suite ${packet.cipher} ${packet.payload}`)
    expect(native.length).toBeGreaterThan(2)
    expect(answersOf(capture).filter((answer) => answer.startsWith(node))).toEqual(native)
  })
})
