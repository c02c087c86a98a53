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

/** The peer of `c` is to hear of its larger window once there is room again. */
export const withhold = (c: Connection): void => {
  if (c.rcv.withheld) return
  c.rcv.withheld = true
  c.rcv.pool.withheld.push(c)
}

/** Those who may be told of larger windows now. */
export const relieved = (pool: ReceivePool): readonly Connection[] => {
  if (pool.withheld.length === 0 || isTight(pool)) return NOBODY_WAITS
  const all = pool.withheld.splice(0)
  for (const c of all) c.rcv.withheld = false
  return all
}

/** What a connection that ends kept is nobody's any more. */
export const giveBack = (c: Connection): void => {
  c.rcv.pool.used -= c.rcv.unread + c.rcv.reordering.held
}

const NOBODY_WAITS: readonly Connection[] = []
/** Bytes that one stack keeps for readers. */
export const MOST_HELD = 268_435_456
const TIGHT = 0.75
