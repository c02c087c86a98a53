import { type Codec, remaining, reserve, type TypeOf } from '../kernel/codec.ts'
import { badField, short } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { type PacketId, packetId } from '../kernel/id.ts'

/** How long a packet, by its wire ID, lay at the receiver before this report left, in ms. */
export interface QosRecord {
  readonly packet: PacketId
  readonly holding: number
}

/**
 * QOS_MEASUREMENT (0x13): the receipts from which a multipath peer computes latency and loss. Sent under suite 0, never
 * answered; without multipath it is dropped.
 *
 *     packet ID[8, little-endian]   holding time[2, little-endian]      1 to 140 times; the last may be cut short
 */
export const qosMeasurement: Codec<readonly QosRecord[]> = {
  read: (r) => {
    const size = remaining(r)
    if (size < RECORD) return E.left(short(r.at, RECORD - size))
    if (size > MOST) return E.left(badField('QoS payload size', size))
    const records: QosRecord[] = []
    for (; r.end - r.at >= RECORD; r.at += RECORD) {
      const view = new DataView(r.bytes.buffer, r.bytes.byteOffset + r.at, RECORD)
      records.push({ packet: packetId(view.getBigUint64(0, true)), holding: view.getUint16(8, true) })
    }
    r.at = r.end
    return E.right(records)
  },
  write: (w, records) => {
    for (const { packet, holding } of records) {
      const at = reserve(w, RECORD)
      const view = new DataView(w.bytes.buffer, w.bytes.byteOffset + at, RECORD)
      view.setBigUint64(0, packet, true)
      view.setUint16(8, holding, true)
    }
  },
}
export type QosMeasurement = TypeOf<typeof qosMeasurement>

export const MAX_QOS_RECORDS = 140
const RECORD = 10
const MOST = MAX_QOS_RECORDS * RECORD
