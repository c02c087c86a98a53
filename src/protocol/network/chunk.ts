import type { Identity, SecretIdentity } from '../crypto/identity.ts'
import { SIGNATURE, sign, verify } from '../crypto/signature.ts'
import type { Crypto } from '../crypto/suite.ts'
import { readU16, readU32, readU64, writeU16, writeU32, writeU64 } from '../kernel/codec.ts'
import { badField, short, type WireError } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { type NetworkId, networkId } from '../kernel/id.ts'
import { HEADER } from '../vl1-io.ts'

/**
 * A slice of a configuration dictionary (`docs/protocol/vl2.md` §4.1, §7.2), the body of NETWORK_CONFIG and of
 * OK(NETWORK_CONFIG_REQUEST). Anybody may pass it on: the controller signs everything before the signature type.
 *
 *     nwid[8]   L[2]   data[L]   flags[1]   update id[8]   total length[4]   offset[4]   01   96[2]   signature[96]
 *
 * Nothing after `data` is the old unsigned form, which only counts when it comes from the controller itself.
 */
export interface Chunk {
  readonly network: NetworkId
  readonly data: Uint8Array
  readonly signed: SignedPart | undefined
}
export interface SignedPart {
  readonly fastPropagate: boolean
  /** The same in all chunks of one configuration; never 0. */
  readonly updateId: bigint
  readonly total: number
  readonly offset: number
  readonly signature: Uint8Array
  /** What the signature covers. */
  readonly message: Uint8Array
  /** The chunk as it came, to be passed on unchanged. */
  readonly bytes: Uint8Array
}

/** The chunk that begins at `at`: after the packet ID in an OK, at 0 in NETWORK_CONFIG. */
export const parseChunk = (payload: Uint8Array, at: number): E.Either<WireError, Chunk> => {
  const left = payload.length - at
  if (left < 10) return E.left(short(payload.length, 10 - left))
  const length = readU16(payload, at + 8)
  const fields = at + 10 + length
  if (payload.length < fields) return E.left(short(payload.length, fields - payload.length))
  const network = networkId(readU64(payload, at))
  const data = payload.subarray(at + 10, fields)
  if (payload.length === fields) return E.right({ network, data, signed: undefined })
  const end = fields + SIGNED_FIELDS + SIGNATURE
  if (payload.length < end) return E.left(short(payload.length, end - payload.length))
  const updateId = readU64(payload, fields + 1)
  const total = readU32(payload, fields + 9)
  const offset = readU32(payload, fields + 13)
  const type = payload[fields + 17]!
  const size = readU16(payload, fields + 18)
  if (updateId === 0n) return E.left(badField('update id', updateId))
  if (total >= MAX_DICTIONARY) return E.left(badField('config length', total))
  if (offset + length > total) return E.left(badField('chunk offset', offset))
  if (type !== 1) return E.left(badField('signature type', type))
  if (size !== SIGNATURE) return E.left(badField('signature length', size))
  const signed = {
    fastPropagate: (payload[fields]! & 1) !== 0,
    updateId,
    total,
    offset,
    signature: payload.subarray(fields + SIGNED_FIELDS, end),
    message: payload.subarray(at, fields + 17),
    bytes: payload.subarray(at),
  }
  return E.right({ network, data, signed })
}

export const verifyChunk = (crypto: Crypto, controller: Identity, signed: SignedPart): boolean =>
  verify(crypto, controller.publicKey, signed.message, signed.signature)

/**
 * The chunks of a dictionary in order of offset, each in a packet with `HEADER` blank bytes and, for an OK, `room` more
 * before it. Empty if the dictionary is longer than a receiver takes.
 */
export const chunkPackets = (
  crypto: Crypto,
  controller: SecretIdentity,
  network: NetworkId,
  dictionary: Uint8Array,
  updateId: bigint,
  room: number,
): readonly Uint8Array[] => {
  if (dictionary.length >= MAX_DICTIONARY) return []
  const packets: Uint8Array[] = []
  for (let offset = 0; offset < dictionary.length; offset += SLICE) {
    const data = dictionary.subarray(offset, offset + SLICE)
    const at = HEADER + room
    const fields = at + 10 + data.length
    const packet = new Uint8Array(fields + SIGNED_FIELDS + SIGNATURE)
    writeU64(packet, at, network)
    writeU16(packet, at + 8, data.length)
    packet.set(data, at + 10)
    writeU64(packet, fields + 1, updateId)
    writeU32(packet, fields + 9, dictionary.length)
    writeU32(packet, fields + 13, offset)
    packet[fields + 17] = 1
    writeU16(packet, fields + 18, SIGNATURE)
    packet.set(sign(crypto, controller, packet.subarray(at, fields + 17)), fields + SIGNED_FIELDS)
    packets.push(packet)
  }
  return packets
}

/** A receiver takes dictionaries shorter than this. */
export const MAX_DICTIONARY = 484_520
/** The longest slice that senders send. */
export const SLICE = 9_740
const SIGNED_FIELDS = 20
