import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { from, NEVER, toArray } from 'rxjs'
import { ArgumentError } from 'rxzt'
import { type Captured, pcapng, pcapngWriter, readPcapng } from 'rxzt/pcap'
import { describe, expect, it } from 'vitest'
import { readUdpPacket, udpPacket } from '../../../src/streams/capture/udp-packet.ts'
import { datagrams, frames, packets } from './samples.ts'

const fileOf = (items: readonly Captured[], ...options: Parameters<typeof pcapngWriter>): Uint8Array => {
  const { header, write } = pcapngWriter(...options)
  return Buffer.concat([header, ...items.map(write)])
}
const local = [
  { address: '192.0.2.9', port: 9993 },
  { address: '2001:db8::9', port: 9993 },
]
const everything = [...packets, ...frames, ...datagrams]

describe('a capture', () => {
  /** What tshark says of these files stands beside them; `docs/guide/capture.md` has the command. */
  it.each([
    ['frames', frames, {}],
    ['packets', packets, { linkType: 'udp', local }],
    ['everything', everything, { comment: 'everything at once', local }],
  ] as const)('is the file that tshark was given: %s', async (name, items, options) => {
    await expect(Buffer.from(fileOf(items, options)).toString('hex').replaceAll(/.{64}/g, '$&\n')).toMatchFileSnapshot(
      `golden/${name}.hex`,
    )
    expect(readFileSync(new URL(`golden/${name}.tshark.txt`, import.meta.url), 'utf8')).not.toMatch(
      /malformed|error|incorrect|bad\b(?!-mac)/i,
    )
  })

  it('has every packet with its time, its link type, its bytes and what is said of it', () => {
    const capture = readPcapng(fileOf(everything, { comment: 'everything at once', local }))!
    expect(capture.comment).toBe('everything at once')
    expect(capture.packets.map(({ at, linkType }) => [at, linkType])).toEqual([
      ...packets.map(({ at }) => [at, 101]),
      ...frames.map(({ at }) => [at, 1]),
      ...datagrams.map(({ at }) => [at, 101]),
    ])
    expect(capture.packets.map(({ comment }) => comment).slice(0, 4)).toEqual([
      'HELLO 89e92ceee5 → 9d219039f3, packet 0123456789abcdef, suite 0: accepted',
      'OK 9d219039f3 → 89e92ceee5, packet fedcba9876543210, suite 1: accepted',
      'unopened 9d219039f3 → 89e92ceee5, packet 0000000000000001, suite 3: bad-mac',
      undefined,
    ])
    const [arp] = capture.packets.slice(packets.length)
    expect(Buffer.from(arp!.data).toString('hex')).toMatch(/^ffffffffffff32a10b5e91040806/)
    expect(arp!.data.subarray(14)).toEqual(frames[0]!.payload)
    const carried = capture.packets.filter(({ linkType }) => linkType === 101).map(({ data }) => readUdpPacket(data)!)
    expect(carried.slice(0, 3)).toEqual([
      { from: local[0], to: packets[0]!.endpoint, data: packets[0]!.bytes },
      { from: packets[1]!.endpoint, to: local[0], data: packets[1]!.bytes },
      { from: packets[2]!.endpoint, to: local[1], data: packets[2]!.bytes },
    ])
    expect(carried.slice(3)).toEqual(datagrams.map(({ from, to, data }) => ({ from, to, data })))
  })

  it('keeps of each packet no more than was asked for, and says how long it was', () => {
    const { packets: kept } = readPcapng(fileOf(frames, { snapLength: 20 }))!
    expect(kept.map(({ data }) => data.length)).toEqual(frames.map(() => 20))
    expect(kept.map(({ originalLength }) => originalLength)).toEqual(frames.map(({ payload }) => 14 + payload.length))
  })

  it('is a file before anything is in it', () => {
    const pieces: Uint8Array[] = []
    NEVER.pipe(pcapng()).subscribe((piece) => pieces.push(piece))
    expect(pieces).toHaveLength(1)
    expect(readPcapng(pieces[0]!)).toEqual({ comment: undefined, packets: [] })
  })

  it('is the same by operator and by writer, and begins anew for each who subscribes', () => {
    const captured = from(everything).pipe(pcapng({ local }), toArray())
    for (let i = 0; i < 2; i++)
      captured.subscribe((pieces) => {
        expect(pieces).toHaveLength(1 + everything.length)
        expect(Buffer.concat(pieces)).toEqual(fileOf(everything, { local }))
      })
  })

  it.each([
    [{ linkType: 'tcp' }, /linkType "tcp" is not valid/],
    [{ snapLength: -1 }, /snapLength -1/],
    [{ local: ['192.0.2.9'] }, /local \["192\.0\.2\.9"\]/],
    [{ comment: 'x'.repeat(65_536) }, /comment "x+… is not valid/],
    [{ filter: 'udp' }, /there is no such option/],
  ])('is refused with a reason when asked for in a wrong way: %#', (options, message) => {
    expect(() => pcapng(options as never)).toThrow(ArgumentError)
    expect(() => pcapng(options as never)).toThrow(message)
  })
})

describe('reading captures', () => {
  it('never throws, whatever is cut off or changed', () => {
    const file = fileOf(everything, { local })
    expect(readPcapng(file.subarray(0, file.length - 4))).toBeUndefined()
    expect(readPcapng(new Uint8Array())).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), (at, value, length) => {
        const damaged = file.slice(0, length)
        if (at < length) damaged[at] = value
        readPcapng(damaged)
      }),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        readPcapng(bytes)
        readUdpPacket(bytes)
      }),
    )
  })

  it('takes the other byte order, other resolutions of time, and blocks that it does not know', () => {
    const bytes = Buffer.alloc(28 + 28 + 16 + 36)
    bytes.set(Buffer.from('0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000'.replaceAll(' ', ''), 'hex'))
    // nanoseconds
    bytes.set(
      Buffer.from(
        '01000000 1c000000 0100 0000 00000000 0900 0100 09000000 00000000 1c000000'.replaceAll(' ', ''),
        'hex',
      ),
      28,
    )
    bytes.set(Buffer.from('05000000 10000000 00000000 10000000'.replaceAll(' ', ''), 'hex'), 56)
    const micros = Buffer.from(
      '06000000 24000000 00000000 00000000 40420f00 03000000 03000000 aabbcc00 24000000'.replaceAll(' ', ''),
      'hex',
    )
    bytes.set(micros, 72)
    expect(readPcapng(bytes)).toEqual({
      comment: undefined,
      packets: [
        { at: 1, linkType: 1, data: new Uint8Array([0xaa, 0xbb, 0xcc]), originalLength: 3, comment: undefined },
      ],
    })
  })

  it('takes back every datagram as it was wrapped', () => {
    const port = fc.integer({ min: 1, max: 0xffff })
    const v4 = fc.ipV4().map((address) => address)
    fc.assert(
      fc.property(v4, v4, port, port, fc.uint8Array({ maxLength: 300 }), (a, b, p, q, data) => {
        const carried = { from: { address: a, port: p }, to: { address: b, port: q }, data }
        expect(readUdpPacket(udpPacket(carried))).toEqual(carried)
      }),
    )
  })
})
