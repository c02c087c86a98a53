import { describe, expect, it } from 'vitest'
import { address, printAddress } from '../../../src/protocol/kernel/id.ts'
import {
  addHop,
  bodyOf,
  COMPRESSED,
  cipherOf,
  classify,
  destinationOf,
  hopsOf,
  isCompressed,
  isFragmentedHead,
  markFragmented,
  packetIdHigh,
  packetIdLow,
  packetIdOf,
  sealTrusted,
  sourceOf,
  trustedPathOf,
  verbOf,
  writeHeader,
} from '../../../src/protocol/packet/header.ts'
import { hex, unhex } from '../../support/checker.ts'

/** The sealed ECHO under suite 1 of the worked example (docs/protocol/vl1.md). */
const sealed = unhex('67de7501859e43c7a7bcdc7b912801417d508804a2ef093368633222dd033b0f')

describe('a packet header', () => {
  it('tells who speaks to whom', () => {
    expect(packetIdOf(sealed)).toBe(0x67de7501859e43c7n)
    expect([packetIdHigh(sealed), packetIdLow(sealed)]).toEqual([0x67de7501, 0x859e43c7])
    expect(printAddress(destinationOf(sealed))).toBe('a7bcdc7b91')
    expect(printAddress(sourceOf(sealed))).toBe('2801417d50')
    expect([cipherOf(sealed), hopsOf(sealed), isFragmentedHead(sealed)]).toEqual([1, 0, false])
    expect(hex(bodyOf(sealed))).toBe('dd033b0f')
  })

  it('is written in front of a payload', () => {
    const packet = unhex(`${'ee'.repeat(28)}2f5a4628`)
    writeHeader(packet, unhex('96e37dd0f8e4369a'), address(0xa7bcdc7b91), address(0x2801417d50), 0x08)
    expect(hex(packet)).toBe('96e37dd0f8e4369aa7bcdc7b912801417d50000000000000000000082f5a4628')
    markFragmented(packet)
    expect(packet[18]).toBe(0x40)
    expect(isFragmentedHead(packet)).toBe(true)
  })

  it('keeps verb and compression apart', () => {
    const packet = new Uint8Array(28)
    writeHeader(packet, new Uint8Array(8), address(1), address(2), 0x14 | COMPRESSED)
    expect([verbOf(packet), isCompressed(packet)]).toEqual([0x14, true])
    packet[27] = 0x74
    expect([verbOf(packet), isCompressed(packet)]).toEqual([0x14, false])
  })

  it('counts hops and touches nothing else', () => {
    const packet = sealed.slice()
    packet[18] = 0xff
    addHop(packet)
    expect(packet[18]).toBe(0xf8)
    packet[18] = 0x5a
    addHop(packet)
    expect([packet[18], hopsOf(packet)]).toEqual([0x5b, 3])
    packet[18] = sealed[18]!
    expect(hex(packet)).toBe(hex(sealed))
  })

  it('carries the ID of a trusted path instead of a MAC', () => {
    const packet = sealed.slice()
    markFragmented(packet)
    sealTrusted(packet, 0xdeadbeef, 0x00c0ffee)
    expect([packet[18], cipherOf(packet)]).toEqual([0x50, 2])
    expect(trustedPathOf(packet)).toBe(0xdeadbeef00c0ffeen)
    expect(packet[27]).toBe(sealed[27])
  })
})

describe('a datagram', () => {
  const marked = (length: number): Uint8Array => {
    const datagram = new Uint8Array(length)
    datagram[13] = 0xff
    return datagram
  }
  it.each([
    ['of nothing', new Uint8Array(0), 'ignored'],
    ['that opens a NAT', new Uint8Array(4), 'ignored'],
    ['of 12 bytes', new Uint8Array(12), 'ignored'],
    ['of 13 bytes', new Uint8Array(13), 'beacon'],
    ['of 14 bytes with the mark', marked(14), 'ignored'],
    ['that is a fragment header and no more', marked(16), 'ignored'],
    ['with the mark and a byte behind the header', marked(17), 'fragment'],
    ['with the mark, as long as a packet', marked(1400), 'fragment'],
    ['of 27 bytes', new Uint8Array(27), 'ignored'],
    ['of 28 bytes', new Uint8Array(28), 'packet'],
  ] as const)('%s is taken by its length first', (_, datagram, kind) => {
    expect(classify(datagram)).toBe(kind)
  })
})
