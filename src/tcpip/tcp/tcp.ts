import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Random } from '../../protocol/kernel/rng.ts'
import type { Flow, Ip, IpOutput } from '../ip-output.ts'
import type { SocketErrorCode, StackCall, StackOutput } from '../stack-io.ts'
import type { TcpCounts } from './counts.ts'
import type { TcpInfo } from './inspect.ts'

/** What the stack hands to TCP: everything it may do to the world. */
export interface TcpDeps {
  readonly ip: IpOutput
  readonly random: Random
  readonly out: (output: StackOutput) => void
  readonly trustLink: boolean
}

/**
 * All of TCP of one stack: listeners, connections, TIME-WAIT records. A mutable accumulator inside the stack machine:
 * the same calls at the same times give the same outputs.
 */
export interface Tcp {
  /** A segment (TCP header and payload) of a checked IP packet. The view may be kept. */
  readonly input: (local: Ip, remote: Ip, segment: Uint8Array, now: Millis) => void
  /** End of an input batch: one output decision per touched connection (ACK collapsing, §2.12). */
  readonly flush: (now: Millis) => void
  readonly call: (call: StackCall, now: Millis) => void
  /** An ICMP error that quotes a segment of ours. `mtu` for packet-too-big, else `code`; `hard` as §2.4 sorts them. */
  readonly icmpError: (
    local: Ip,
    remote: Ip,
    quoted: Uint8Array,
    error: { readonly code: SocketErrorCode; readonly hard: boolean; readonly mtu?: number },
    now: Millis,
  ) => void
  /** The path to the next hop of these flows changed (direct, relayed, another endpoint): forget how long it was. */
  readonly pathChanged: (isOver: (flow: Flow) => boolean, now: Millis) => void
  /** The interface lost this address: its connections end with ENETDOWN. */
  readonly addressRemoved: (ip: Ip, now: Millis) => void
  readonly inspect: (id: number) => TcpInfo | undefined
  /** What happened so far, and how many connections and TIME-WAIT records there are. */
  readonly counts: () => TcpCounts & { readonly connections: number; readonly timeWaits: number }
  readonly owns: (id: number) => boolean
  readonly deadline: () => Millis
  readonly tick: (now: Millis) => void
}
