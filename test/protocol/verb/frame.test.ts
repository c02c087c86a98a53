import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { FRAME_HEADROOM } from '../../../src/protocol/kernel/frame.ts'
import { mac, networkId } from '../../../src/protocol/kernel/id.ts'
import {
  EXT_FRAME_FIELDS,
  extFrame,
  extFrameData,
  extFrameEtherType,
  extFrameFlag,
  extFrameFlags,
  extFrameFrom,
  extFramePacket,
  extFrameStart,
  extFrameTo,
} from '../../../src/protocol/verb/ext-frame.ts'
import { FRAME_FIELDS, frame, frameData, frameEtherType, framePacket } from '../../../src/protocol/verb/frame.ts'
import { multicastFrame, multicastFramePacket } from '../../../src/protocol/verb/multicast-frame.ts'
import { isNetworkAt, networkKey } from '../../../src/protocol/verb/network-key.ts'
import { HEADER } from '../../../src/protocol/vl1-io.ts'
import { hex, unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const network = networkId(0xb78d519412c45151n)
const key = networkKey(network)
const payload = unhex('4500002600')
/** A payload with the free bytes in front that the host stack leaves there. */
const roomy = (data: Uint8Array, room = FRAME_HEADROOM): Uint8Array => {
  const all = new Uint8Array(room + data.length).fill(0xee)
  all.set(data, room)
  return all.subarray(room)
}
const [to, from] = [mac(0xfef2168c65ee), mac(0xfe8df352b273)]

describe('FRAME', () => {
  itIsACodec(frame, [
    {
      says: 'an IPv4 packet',
      value: { network, etherType: 0x800, payload },
      bytes: 'b78d519412c4515108004500002600',
      needs: FRAME_FIELDS,
    },
  ])

  it('is read on the packet path without decoding', () => {
    const bytes = unhex('b78d519412c4515108004500002600')
    expect([isNetworkAt(bytes, 0, key), frameEtherType(bytes), hex(frameData(bytes))]).toEqual([
      true,
      0x800,
      '4500002600',
    ])
    expect(isNetworkAt(bytes, 0, networkKey(networkId(network + 1n)))).toBe(false)
    expect(isNetworkAt(bytes, 0, networkKey(networkId(network ^ (1n << 63n))))).toBe(false)
  })
})

describe('EXT_FRAME', () => {
  itIsACodec(extFrame, [
    {
      says: 'a bridged frame',
      value: { network, flags: 0x10, com: undefined, to, from, etherType: 0x806, payload },
      bytes: 'b78d519412c4515110fef2168c65eefe8df352b27308064500002600',
      needs: EXT_FRAME_FIELDS,
    },
  ])

  it('is read on the packet path without decoding', () => {
    const bytes = unhex('b78d519412c4515110fef2168c65eefe8df352b27308064500002600')
    const start = extFrameStart(bytes)
    expect([start, extFrameFlags(bytes), extFrameTo(bytes, start), extFrameFrom(bytes, start)]).toEqual([
      9,
      16,
      to,
      from,
    ])
    expect([extFrameEtherType(bytes, start), hex(extFrameData(bytes, start))]).toEqual([0x806, '4500002600'])
  })

  it('has no start where it is cut short or its certificate is malformed', () => {
    const bytes = unhex('b78d519412c4515110fef2168c65eefe8df352b2730806')
    for (let n = 0; n < bytes.length; n++) expect(extFrameStart(bytes.subarray(0, n))).toBe(-1)
    bytes[8] = extFrameFlag.com
    expect(extFrameStart(bytes)).toBe(-1)
  })

  it('says the same on the packet path as decoded, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(extFrameStart(bytes) >= 0).toBe(E.isRight(decode(extFrame, bytes)))
      }),
    )
  })
})

describe('packets for a frame', () => {
  it.each([
    ['FRAME', (data: Uint8Array, keep?: boolean) => framePacket(key, 0x800, data, keep), FRAME_FIELDS],
    [
      'EXT_FRAME',
      (data: Uint8Array, keep?: boolean) => extFramePacket(key, 0x02, to, from, 0x800, data, keep),
      EXT_FRAME_FIELDS,
    ],
  ])('%s is written in front of a payload that has the room', (_name, write, fields) => {
    const data = roomy(payload)
    const packet = write(data)
    expect(packet.buffer).toBe(data.buffer)
    expect(packet.length).toBe(HEADER + fields + payload.length)
    expect([...packet.subarray(0, HEADER)].every((byte) => byte === 0)).toBe(true)
    expect(hex(packet)).toBe(hex(write(Uint8Array.from(payload))))
  })

  it.each([
    ['has no room', roomy(payload, 12), false],
    ['is sent to others as well', roomy(payload), true],
  ])('copy a payload that %s', (_why, data, keep) => {
    const before = hex(new Uint8Array(data.buffer))
    const packet = framePacket(key, 0x800, data, keep)
    expect(packet.buffer).not.toBe(data.buffer)
    expect(decode(frame, packet, HEADER)).toEqual(E.right({ network, etherType: 0x800, payload }))
    expect(hex(new Uint8Array(data.buffer))).toBe(before)
  })

  it('of a multicast are what its codec writes', () => {
    const mac48 = fc.maxSafeNat().map((n) => mac(n % 2 ** 48))
    const any = fc.record({
      gatherLimit: fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
      from: fc.option(mac48, { nil: undefined }),
      replicate: fc.boolean(),
      to: mac48,
      adi: fc.nat(0xffff_ffff),
      etherType: fc.nat(0xffff),
      payload: fc.uint8Array({ maxLength: 60 }),
    })
    fc.assert(
      fc.property(any, (value) => {
        const packet = multicastFramePacket(key, value)
        expect(decode(multicastFrame, packet, HEADER)).toEqual(E.right({ ...value, network, com: undefined }))
      }),
    )
  })
})
