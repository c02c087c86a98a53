/**
 * The stream between a node and a TCP relay (`docs/protocol/vl1.md`, TCP fall-back relay): it looks like TLS records, and
 * holds VL1 datagrams with the endpoint they are for or from.
 *
 *     17 03 03   length[2]   message[length]
 *
 *     greeting   major[1] minor[1] revision[2]                client → relay, first
 *     datagram   4[1] IPv4[4] port[2] data…  |  6[1] IPv6[16] port[2] data…  |  0[1] data…      to whom, or from whom
 */
import type { Endpoint } from '../datagram.ts'
import { readU16, writeU16 } from '../kernel/codec.ts'
import { parseIp } from '../kernel/ip.ts'
import { endpointAt } from '../peer/endpoint.ts'

/** A datagram of the stream. Without an endpoint nobody knows whose it is, and it is to be dropped. */
export interface RelayedDatagram {
  readonly endpoint: Endpoint | undefined
  readonly data: Uint8Array
}

/** Why a stream cannot be read on: the connection is to be closed. */
export type FramingError = 'not-a-record' | 'too-long' | 'bad-message'

/** Puts records together from whatever pieces TCP hands over. Holds one record at most. */
export interface RecordReader {
  /** The record in hand, as far as it has come. */
  readonly held: Uint8Array
  have: number
  failed: FramingError | undefined
}

export const recordReader = (): RecordReader => ({
  held: new Uint8Array(RECORD_HEADER + MOST_MESSAGE),
  have: 0,
  failed: undefined,
})

/** The messages that `chunk` completes, each a copy of its own. Once a stream has failed it stays so, and says no more. */
export const readRecords = (reader: RecordReader, chunk: Uint8Array): readonly Uint8Array[] => {
  const messages: Uint8Array[] = []
  const { held } = reader
  for (let at = 0; at < chunk.length && reader.failed === undefined; ) {
    const wanted = reader.have < RECORD_HEADER ? RECORD_HEADER : RECORD_HEADER + readU16(held, 3)
    const n = Math.min(wanted - reader.have, chunk.length - at)
    held.set(chunk.subarray(at, at + n), reader.have)
    reader.have += n
    at += n
    if (reader.have < wanted) break
    if (wanted === RECORD_HEADER) {
      if (held[0] !== 0x17 || held[1] !== 0x03 || held[2] !== 0x03) reader.failed = 'not-a-record'
      else if (readU16(held, 3) > MOST_MESSAGE) reader.failed = 'too-long'
      if (readU16(held, 3) > 0) continue
    }
    if (reader.failed !== undefined) break
    messages.push(held.slice(RECORD_HEADER, reader.have))
    reader.have = 0
  }
  return messages
}

/** What a message other than the greeting holds; `undefined` if it is none we know, after which the stream is to end. */
export const readDatagram = (message: Uint8Array): RelayedDatagram | undefined => {
  switch (message[0]) {
    case 4:
      if (message.length < 7) return undefined
      return { endpoint: endpointAt(message, 1, 4), data: message.subarray(7) }
    case 6:
      if (message.length < 19) return undefined
      return { endpoint: endpointAt(message, 1, 16), data: message.subarray(19) }
    case 0:
      return { endpoint: undefined, data: message.subarray(1) }
    default:
      return undefined
  }
}

/** A record with a datagram; `undefined` if it is too long for one or the endpoint is no IP. */
export const datagramRecord = ({ address, port }: Endpoint, data: Uint8Array): Uint8Array | undefined => {
  const ip = parseIp(address)
  if (ip === undefined || 3 + ip.length + data.length > MOST_MESSAGE) return undefined
  const record = new Uint8Array(RECORD_HEADER + 3 + ip.length + data.length)
  head(record)
  record[RECORD_HEADER] = ip.length === 4 ? 4 : 6
  record.set(ip, RECORD_HEADER + 1)
  writeU16(record, RECORD_HEADER + 1 + ip.length, port)
  record.set(data, RECORD_HEADER + 3 + ip.length)
  return record
}

/** What a client says first. */
export const greetingRecord = (major: number, minor: number, revision: number): Uint8Array => {
  const record = new Uint8Array(RECORD_HEADER + GREETING)
  head(record)
  record[RECORD_HEADER] = major
  record[RECORD_HEADER + 1] = minor
  writeU16(record, RECORD_HEADER + 2, revision)
  return record
}

/** Greetings are told from datagrams by their length alone: no datagram of use is as short. */
export const isGreeting = (message: Uint8Array): boolean => message.length === GREETING

const head = (record: Uint8Array): void => {
  record[0] = 0x17
  record[1] = 0x03
  record[2] = 0x03
  writeU16(record, 3, record.length - RECORD_HEADER)
}

/** Datagrams shorter than this are not carried. */
export const SHORTEST_DATAGRAM = 16
/** The longest that a relay returns. */
export const LONGEST_RETURNED = 2_047
/** As for a TLS record; the largest datagram of a path is 10324 bytes. */
export const MOST_MESSAGE = 16_384
const RECORD_HEADER = 5
const GREETING = 4
