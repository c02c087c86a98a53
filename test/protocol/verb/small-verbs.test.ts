import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { packetId } from '../../../src/protocol/kernel/id.ts'
import { ack } from '../../../src/protocol/verb/ack.ts'
import { echo } from '../../../src/protocol/verb/echo.ts'
import { nop } from '../../../src/protocol/verb/nop.ts'
import { pathNegotiationRequest } from '../../../src/protocol/verb/path-negotiation-request.ts'
import { MAX_QOS_RECORDS, qosMeasurement } from '../../../src/protocol/verb/qos-measurement.ts'
import { remoteTrace } from '../../../src/protocol/verb/remote-trace.ts'
import { userMessage } from '../../../src/protocol/verb/user-message.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

describe('NOP and ECHO', () => {
  for (const codec of [nop, echo])
    itIsACodec(codec, [
      { says: 'nothing', value: { data: unhex('') }, bytes: '' },
      { says: 'five bytes', value: { data: unhex('2a9b7b56d4') }, bytes: '2a9b7b56d4', needs: 0 },
    ])
})

describe('ACK', () => {
  itIsACodec(ack, [{ says: 'a count', value: { bytes: 0x01020304 }, bytes: '01020304' }])
})

describe('USER_MESSAGE', () => {
  itIsACodec(userMessage, [
    { says: 'a type alone', value: { type: 100n, data: unhex('') }, bytes: '0000000000000064' },
    {
      says: 'a message',
      value: { type: 0xb474b152b76366e9n, data: unhex('d8b4') },
      bytes: 'b474b152b76366e9d8b4',
      needs: 8,
    },
  ])
})

describe('REMOTE_TRACE', () => {
  itIsACodec(remoteTrace, [
    { says: 'two traces', value: [unhex('613d31'), unhex('623d32')], bytes: '613d3100623d3200', needs: 1 },
  ])

  it('does without the end of the last', () => {
    expect(decode(remoteTrace, unhex('613d3100623d'))).toEqual(E.right([unhex('613d31'), unhex('623d')]))
  })

  it('refuses a trace of more than 10000 bytes', () => {
    expect(decode(remoteTrace, encode(remoteTrace, [new Uint8Array(10_001).fill(0x61)]))).toMatchObject(
      E.left({ field: 'trace size', found: 10_001 }),
    )
  })
})

describe('QOS_MEASUREMENT', () => {
  const one = { packet: packetId(0x0102030405060708n), holding: 0x1234 }
  itIsACodec(qosMeasurement, [
    { says: 'a record, little-endian', value: [one], bytes: '08070605040302013412' },
    {
      says: 'two records',
      value: [one, { packet: packetId(1n), holding: 2 }],
      bytes: '0807060504030201341201000000000000000200',
      needs: 10,
    },
  ])

  it('holds 140 records and not one more', () => {
    const most = Array.from({ length: MAX_QOS_RECORDS }, () => one)
    expect(decode(qosMeasurement, encode(qosMeasurement, most))).toEqual(E.right(most))
    expect(decode(qosMeasurement, encode(qosMeasurement, [...most, one]))).toMatchObject(
      E.left({ field: 'QoS payload size', found: 1410 }),
    )
  })
})

describe('PATH_NEGOTIATION_REQUEST', () => {
  itIsACodec(
    pathNegotiationRequest,
    [
      { says: 'a gain', value: { utility: 300 }, bytes: '012c' },
      { says: 'a loss', value: { utility: -2 }, bytes: 'fffe' },
    ],
    [{ field: 'path negotiation size', bytes: '012c00' }],
  )
})
