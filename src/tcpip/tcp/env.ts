import type { Millis } from '../../protocol/kernel/machine.ts'
import type { IpOutput } from '../ip-output.ts'
import type { EphemeralPorts } from '../port.ts'
import type { SipHash } from '../siphash.ts'
import type { SocketId, StackOutput } from '../stack-io.ts'
import type { RateSample } from './congestion/controller.ts'
import type { Connection } from './connection.ts'
import type { TcpCounts } from './counts.ts'
import type { DeadlineHeap } from './deadlines.ts'
import type { Listeners } from './listen.ts'
import type { ReceivePool } from './receive-pool.ts'
import type { Table } from './table.ts'
import type { TimeWaits } from './time-wait.ts'

/** What every function of this folder may use: the world below and above, and all there is of TCP in this stack. */
export interface TcpEnv {
  readonly ip: IpOutput
  /** A number in [0, 1). */
  readonly uniform: () => number
  readonly out: (output: StackOutput) => void
  readonly trustLink: boolean
  /** Keyed hash for initial sequence numbers and timestamp offsets. */
  readonly hash: SipHash
  readonly secret: number
  readonly ports: EphemeralPorts
  readonly connections: Table<Connection>
  readonly byId: Map<SocketId, Connection>
  readonly listeners: Listeners
  readonly timeWaits: TimeWaits
  /** When the last SYN cookie was given. */
  cookieAt: Millis
  readonly mostConnections: number
  readonly receivePool: ReceivePool
  readonly counts: TcpCounts
  readonly heap: DeadlineHeap
  readonly touched: Connection[]
  /** Reused for every ACK. */
  readonly sample: RateSample
  /** Resets to closed ports: a token bucket. */
  resets: { tokens: number; at: number }
}

/** Has `flush` look at the connection. */
export const touch = (env: TcpEnv, c: Connection): void => {
  if (c.touched) return
  c.touched = true
  env.touched.push(c)
}
