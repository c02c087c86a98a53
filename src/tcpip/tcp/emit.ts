import { writeU16, writeU32 } from '../../protocol/kernel/codec.ts'
import type { Millis } from '../../protocol/kernel/machine.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../checksum.ts'
import type { Flow } from '../ip-output.ts'
import type { SocketErrorCode } from '../stack-io.ts'
import type { Connection } from './connection.ts'
import type { TcpEnv } from './env.ts'
import {
  ACK,
  FIN,
  HEADER,
  MSS_OPTION,
  NOP_NOP_SACK,
  NOP_NOP_TS,
  PSH,
  RST,
  SACK_PERMITTED_OPTION,
  SCALE_OPTION,
  SYN,
  TIMESTAMPS_OPTION,
} from './segment.ts'
import { take } from './send-ring.ts'
import { ackCarried, windowField } from './window.ts'

/** The clock of RFC 7323 timestamps: ms, with an offset that strangers cannot know. */
export const tsClock = (c: Connection, now: Millis): number => (Math.floor(now) + c.ts.offset) | 0

/** `length` bytes of the send ring from `seq` on, and the FIN behind them. */
export const emitData = (
  env: TcpEnv,
  c: Connection,
  seq: number,
  length: number,
  fin: boolean,
  now: Millis,
): SocketErrorCode | undefined => {
  const options = c.ts.on ? TS_SPACE : 0
  const area = env.ip.allocate(c.flow, HEADER + options + length)
  const push = length > 0 && ((seq + length) | 0) === c.snd.tail ? PSH : 0
  writeHeader(area, c, seq, c.rcv.nxt, ACK | push | (fin ? FIN : 0), options, windowField(c))
  if (options > 0) writeTimestamps(area, c, now)
  if (length > 0) take(c.snd.ring, seq, area, HEADER + options, length)
  ackCarried(c)
  return finish(env, c, area)
}

/** An ACK without data, with what SACK has to say. */
export const emitAck = (env: TcpEnv, c: Connection, now: Millis): void => emitEmpty(env, c, c.snd.nxt, now)

/** An ACK at another place than SND.NXT: a keepalive probe. */
export const emitEmpty = (env: TcpEnv, c: Connection, seq: number, now: Millis): void => {
  const ts = c.ts.on ? TS_SPACE : 0
  const rcv = c.rcv
  const ranges = rcv.reordering.ranges
  const most = c.ts.on ? 3 : 4
  const blocks = c.loss.sack ? Math.min(most, ranges.length + (rcv.dsackPending ? 1 : 0)) : 0
  const options = ts + (blocks > 0 ? 4 + 8 * blocks : 0)
  const area = env.ip.allocate(c.flow, HEADER + options)
  writeHeader(area, c, seq, rcv.nxt, ACK, options, windowField(c))
  if (ts > 0) writeTimestamps(area, c, now)
  if (blocks > 0) {
    let at = HEADER + ts
    writeU32(area, at, NOP_NOP_SACK | (2 + 8 * blocks))
    at += 4
    let n = 0
    if (rcv.dsackPending) {
      writeU32(area, at, rcv.dsackFrom)
      writeU32(area, at + 4, rcv.dsackTo)
      at += 8
      n++
    }
    for (let i = 0; n < blocks; i++, n++, at += 8) {
      writeU32(area, at, ranges[i]!.from)
      writeU32(area, at + 4, ranges[i]!.to)
    }
  }
  rcv.dsackPending = false
  ackCarried(c)
  finish(env, c, area)
}

interface Ports {
  readonly localPort: number
  readonly remotePort: number
}

/** What a SYN says besides its sequence number. */
interface SynOptions {
  readonly mss: number
  readonly sack: boolean
  /** −1: no scaling. */
  readonly scale: number
  readonly ts: { readonly value: number; readonly echo: number } | undefined
}

/** SYN, or SYN-ACK when `ack`: MSS always, other options as `offers` says (all of them, or those the peer had). */
export const emitSyn = (
  env: TcpEnv,
  c: Connection,
  ack: boolean,
  mss: number,
  offers: { readonly sack: boolean; readonly timestamps: boolean; readonly scale: boolean },
  now: Millis,
): SocketErrorCode | undefined => {
  const ts = offers.timestamps ? { value: tsClock(c, now), echo: ack ? c.ts.recent : 0 } : undefined
  const said = { mss, sack: offers.sack, scale: offers.scale ? c.rcv.scale : -1, ts }
  const area = env.ip.allocate(c.flow, HEADER + synSpace(said))
  const window = Math.min(0xffff, c.rcv.buffer)
  writeHeader(area, c, c.snd.iss, ack ? c.rcv.nxt : 0, ack ? SYN | ACK : SYN, synSpace(said), window)
  writeSynOptions(area, said)
  if (ack) {
    c.rcv.adv = (c.rcv.nxt + window) | 0
    c.rcv.lastAckSent = c.rcv.nxt
  }
  return finish(env, c, area)
}

/** A SYN-ACK that nobody remembers. */
export const emitCookie = (
  env: TcpEnv,
  flow: Flow,
  ports: Ports,
  said: SynOptions & { readonly seq: number; readonly ack: number; readonly window: number },
): void => {
  const area = env.ip.allocate(flow, HEADER + synSpace(said))
  writeHeader(area, ports, said.seq, said.ack, SYN | ACK, synSpace(said), said.window)
  writeSynOptions(area, said)
  finishBare(env, flow, area)
}

const synSpace = (said: SynOptions): number =>
  4 + (said.ts !== undefined ? TS_SPACE : said.sack ? 4 : 0) + (said.scale >= 0 ? 4 : 0)

const writeSynOptions = (area: Uint8Array, said: SynOptions): void => {
  let at = HEADER
  area[at] = MSS_OPTION
  area[at + 1] = 4
  writeU16(area, at + 2, said.mss)
  at += 4
  if (said.ts !== undefined || said.sack) {
    area[at] = said.sack ? SACK_PERMITTED_OPTION : 1
    area[at + 1] = said.sack ? 2 : 1
    if (said.ts !== undefined) {
      area[at + 2] = TIMESTAMPS_OPTION
      area[at + 3] = 10
      writeU32(area, at + 4, said.ts.value)
      writeU32(area, at + 8, said.ts.echo)
      at += TS_SPACE
    } else {
      area[at + 2] = 1
      area[at + 3] = 1
      at += 4
    }
  }
  if (said.scale < 0) return
  area[at] = 1
  area[at + 1] = SCALE_OPTION
  area[at + 2] = 3
  area[at + 3] = said.scale
}

/** RST of a connection that had been synchronized: seq = SND.NXT, with ACK. */
export const emitAbort = (env: TcpEnv, c: Connection): void => {
  const area = env.ip.allocate(c.flow, HEADER)
  writeHeader(area, c, c.snd.nxt, c.rcv.nxt, RST | ACK, 0, 0)
  finish(env, c, area)
}

/** A bare segment that belongs to no connection: RST, or the ACK of TIME-WAIT (timestamps if `ts`). */
export const emitBare = (
  env: TcpEnv,
  flow: Flow,
  ports: Ports,
  fields: { readonly seq: number; readonly ack: number; readonly flags: number; readonly window: number },
  ts?: { readonly value: number; readonly echo: number },
): void => {
  const options = ts === undefined ? 0 : TS_SPACE
  const area = env.ip.allocate(flow, HEADER + options)
  writeHeader(area, ports, fields.seq, fields.ack, fields.flags, options, fields.window)
  if (ts !== undefined) {
    writeU32(area, HEADER, NOP_NOP_TS)
    writeU32(area, HEADER + 4, ts.value)
    writeU32(area, HEADER + 8, ts.echo)
  }
  finishBare(env, flow, area)
}

const writeHeader = (
  area: Uint8Array,
  ports: Ports,
  seq: number,
  ack: number,
  flags: number,
  options: number,
  window: number,
): void => {
  writeU16(area, 0, ports.localPort)
  writeU16(area, 2, ports.remotePort)
  writeU32(area, 4, seq)
  writeU32(area, 8, ack)
  area[12] = ((HEADER + options) >>> 2) << 4
  area[13] = flags
  writeU16(area, 14, window)
  // checksum, filled in at the end, and the urgent pointer
  writeU32(area, CHECKSUM, 0)
}

const writeTimestamps = (area: Uint8Array, c: Connection, now: Millis): void => {
  writeU32(area, HEADER, NOP_NOP_TS)
  writeU32(area, HEADER + 4, tsClock(c, now))
  writeU32(area, HEADER + 8, c.ts.recent)
}

const finishBare = (env: TcpEnv, flow: Flow, area: Uint8Array): void => {
  const pseudo = pseudoHeaderSum(flow.local.bytes, flow.remote.bytes, flow.protocol, area.length)
  writeU16(area, CHECKSUM, checksumOf(pseudo + sum(area)))
  if (env.ip.send(flow, area) !== undefined) env.out({ _tag: 'Drop', reason: 'no-route' })
}

const finish = (env: TcpEnv, c: Connection, area: Uint8Array): SocketErrorCode | undefined => {
  writeU16(area, CHECKSUM, checksumOf(c.pseudo + area.length + sum(area)))
  return env.ip.send(c.flow, area)
}

/** Space of NOP NOP timestamps. */
export const TS_SPACE = 12
const CHECKSUM = 16
