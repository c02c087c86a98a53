import type { Endpoint } from '../protocol/datagram.ts'
import type { Frame } from '../protocol/kernel/frame.ts'
import { isReserved } from '../protocol/kernel/id.ts'
import type { PacketRecord } from '../protocol/vl1-io.ts'
import { type Mac, type NodeId, publicMac, publicNodeId } from './public-id.ts'

/** One VL1 packet, seen or sent. */
export interface PacketTrace {
  readonly at: number
  readonly dir: 'in' | 'out'
  readonly endpoint: Endpoint
  readonly source?: NodeId
  readonly dest?: NodeId
  /** The verb's number; absent where the packet could not be opened. */
  readonly verb?: number
  readonly id?: bigint
  readonly cipher?: number
  /** A copy of the datagram as on the wire. */
  readonly bytes: Uint8Array
  readonly outcome: PacketRecord['outcome']
}

/** One Ethernet frame, seen or sent. `payload` is a view that is good until the next turn: copy it to keep it. */
export interface FrameTrace {
  readonly at: number
  readonly dir: 'in' | 'out'
  readonly from: Mac
  readonly to: Mac
  readonly etherType: number
  readonly payload: Uint8Array
}

/** The structured log. Secrets never appear in it. */
export interface TraceRecord {
  readonly at: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly scope: 'node' | 'vl1' | 'vl2' | 'stack' | 'store' | 'controller'
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>>
}

export const packetTrace = (record: PacketRecord, at: number): PacketTrace => ({
  at,
  dir: record.direction,
  endpoint: record.endpoint,
  ...(isReserved(record.source) ? {} : { source: publicNodeId(record.source) }),
  ...(isReserved(record.destination) ? {} : { dest: publicNodeId(record.destination) }),
  ...(record.verb === undefined ? {} : { verb: record.verb }),
  id: record.packetId,
  cipher: record.cipher,
  bytes: record.bytes,
  outcome: record.outcome,
})

export const frameTrace = (frame: Frame, dir: 'in' | 'out', at: number): FrameTrace => ({
  at,
  dir,
  from: publicMac(frame.from),
  to: publicMac(frame.to),
  etherType: frame.etherType,
  payload: frame.payload,
})
