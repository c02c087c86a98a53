import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  datagramRecord,
  greetingRecord,
  isGreeting,
  MOST_MESSAGE,
  readDatagram,
  readRecords,
  recordReader,
} from '../../../src/protocol/relay/framing.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('the stream of a TCP relay', () => {
  it('is records with a greeting or a datagram, as written in the spec', () => {
    expect(greetingRecord(1, 14, 258)).toEqual(hex('170303 0004 01 0e 0102'))
    expect(datagramRecord({ address: '1.2.3.4', port: 9993 }, hex('aabb'))).toEqual(
      hex('170303 0009 04 01020304 2709 aabb'),
    )
    expect(datagramRecord({ address: '2001:db8::1', port: 1 }, hex('cc'))).toEqual(
      hex('170303 0014 06 20010db8000000000000000000000001 0001 cc'),
    )
  })

  it('is read back however TCP cuts it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }),
        (datagrams, cuts) => {
          const to = { address: '9.8.7.6', port: 1234 }
          const stream = Buffer.concat([greetingRecord(1, 2, 3), ...datagrams.map((data) => datagramRecord(to, data)!)])
          const reader = recordReader()
          const messages: Uint8Array[] = []
          for (let at = 0, i = 0; at < stream.length; i++) {
            const n = cuts[i % cuts.length]!
            messages.push(...readRecords(reader, stream.subarray(at, at + n)))
            at += n
          }
          expect(isGreeting(messages[0]!)).toBe(true)
          expect(messages.slice(1).map((message) => readDatagram(message))).toEqual(
            datagrams.map((data) => ({ endpoint: to, data })),
          )
          expect(reader.failed).toBeUndefined()
        },
      ),
    )
  })

  it('ends where it is no stream of records, and says nothing more', () => {
    for (const [bytes, why] of [
      ['474554202f', 'not-a-record'],
      ['160303 0005', 'not-a-record'],
      ['170303 4001', 'too-long'],
    ] as const) {
      const reader = recordReader()
      expect(readRecords(reader, hex(bytes))).toEqual([])
      expect(reader.failed).toBe(why)
      expect(readRecords(reader, greetingRecord(1, 1, 1))).toEqual([])
    }
  })

  it('gives messages of no length, and the longest', () => {
    const longest = Buffer.concat([hex(`170303 ${MOST_MESSAGE.toString(16)}`), Buffer.alloc(MOST_MESSAGE, 1)])
    const stream = Buffer.concat([hex('170303 0000'), longest, hex('170303 0000')])
    expect(readRecords(recordReader(), stream).map((message) => message.length)).toEqual([0, MOST_MESSAGE, 0])
  })

  it('has no message of another type, and none cut short', () => {
    for (const bytes of ['', '01', '05 0102030405060708', '04 01020304 27', '06 20010db8000000000000000000000001 00'])
      expect(readDatagram(hex(bytes))).toBeUndefined()
    expect(readDatagram(hex('00 aabb'))).toEqual({ endpoint: undefined, data: hex('aabb') })
  })

  it('has no place for what is too long or has no IP', () => {
    expect(datagramRecord({ address: '1.2.3.4', port: 1 }, new Uint8Array(MOST_MESSAGE - 6))).toBeUndefined()
    expect(datagramRecord({ address: 'here', port: 1 }, new Uint8Array(9))).toBeUndefined()
  })

  it('never throws, whatever arrives, and holds one record at most', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.boolean(), (chunks, headed) => {
        const reader = recordReader()
        for (const chunk of chunks)
          for (const message of readRecords(reader, headed ? Buffer.concat([hex('170303 0003'), chunk]) : chunk))
            readDatagram(message)
        return reader.have <= reader.held.length
      }),
    )
  })
})
