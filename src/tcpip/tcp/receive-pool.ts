import type { Connection } from './connection.ts'

/**
 * Bytes that arrived and wait, for readers or behind holes, of all connections of a stack together. Windows promise more
 * than there is memory for: when three quarters are used, none grows any more, and when all is used, segments that
 * would have to be kept are dropped and come again.
 */
export interface ReceivePool {
  used: number
  readonly most: number
  /** Connections whose peers were not told of a larger window. */
  readonly withheld: Connection[]
}

export const receivePool = (most: number = MOST_HELD): ReceivePool => ({ used: 0, most, withheld: [] })

export const isTight = (pool: ReceivePool): boolean => pool.used >= pool.most * TIGHT
export const isFull = (pool: ReceivePool): boolean => pool.used >= pool.most

/** Bytes that one stack keeps for readers. */
export const MOST_HELD = 268_435_456
const TIGHT = 0.75
