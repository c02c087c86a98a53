import type { Endpoint } from '../protocol/datagram.ts'
import type { Frame } from '../protocol/kernel/frame.ts'
import { isReserved } from '../protocol/kernel/id.ts'
import type { IndirectReason, PacketRecord, Vl1Output } from '../protocol/vl1-io.ts'
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

/** What is told of a peer that is not reached directly, each time the reason changes, and of one that is again. */
export const indirectNote = ({
  address,
  reason,
}: Pick<Extract<Vl1Output, { readonly _tag: 'Indirect' }>, 'address' | 'reason'>): readonly [
  message: string,
  data: NonNullable<TraceRecord['data']>,
] => {
  const peer = publicNodeId(address)
  return reason === undefined
    ? [`direct path to ${peer}`, { peer }]
    : [`no direct path to ${peer}: ${INDIRECT[reason]}`, { peer, reason }]
}

const INDIRECT: Readonly<Record<IndirectReason, string>> = {
  'identity-unknown': 'its identity is not known, a root is being asked',
  'no-socket': 'no local socket is open',
  'tcp-relay': 'nothing but the TCP relay gets through',
  'rate-limited': 'it offers endpoints too often, and they are not tried',
  trying: 'endpoints are being tried',
  silent: 'endpoints were tried and do not answer',
  forbidden: 'local rules forbid the endpoints it has',
  unusable: 'the endpoints it has are no physical paths',
  'no-root': 'no root is reached that could introduce us',
  'not-introduced': 'no endpoint of it is known, waiting to be introduced',
}

export const frameTrace = (frame: Frame, dir: 'in' | 'out', at: number): FrameTrace => ({
  at,
  dir,
  from: publicMac(frame.from),
  to: publicMac(frame.to),
  etherType: frame.etherType,
  payload: frame.payload,
})
