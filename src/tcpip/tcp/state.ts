import type { TcpStateName } from '../stack-io.ts'

/** The states of RFC 9293 §3.3.2; the order matters: those from ESTABLISHED on are synchronized. */
export type State = number
export const CLOSED = 0
export const SYN_SENT = 1
export const SYN_RECEIVED = 2
export const ESTABLISHED = 3
export const FIN_WAIT_1 = 4
export const FIN_WAIT_2 = 5
export const CLOSE_WAIT = 6
export const CLOSING = 7
export const LAST_ACK = 8
export const TIME_WAIT = 9
export const stateNames: readonly TcpStateName[] = [
  'CLOSED',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
]
