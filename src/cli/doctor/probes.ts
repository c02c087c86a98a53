import type { ZtNode } from '../../api/node.ts'
import type { Endpoint } from '../../protocol/datagram.ts'
import type { ClockEvidence, Knocked, Reply } from './evidence.ts'

/** What an examination does to the world outside. Tests hand in a simulated one. */
export interface Probes {
  /** Starts the node that is examined, on another UDP port than its own if told so. Rejects as `createNode` does. */
  start(anyPort: boolean): Promise<ZtNode>
  /** Sends a datagram that nobody has to understand, to see what the machine and the way make of it. */
  knock(at: Endpoint): Promise<Reply>
  /** Asks by UDP whoever is no root and known to answer. */
  elsewhere(): Promise<readonly Knocked[]>
  /** What time servers say that the user named. */
  clocks(): Promise<readonly ClockEvidence[]>
}
