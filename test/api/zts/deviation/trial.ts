import type { Zts, ZtsEventMessage } from 'rxzt/zts'
import { expect } from 'vitest'
import type { Staged } from '../staged.ts'

/** Where a deviation is tried: two members of a network, and whoever else is made. */
export interface Trial {
  readonly stage: Staged
  readonly a: Zts
  readonly b: Zts
  /** Their IPv4 addresses. */
  readonly a4: string
  readonly b4: string
  readonly id: bigint
  /** What was said to a third member from its start to its end, and to whoever started it. */
  readonly heard: readonly ZtsEventMessage[]
  readonly until: <T>(promise: Promise<T>) => Promise<T>
}

/** Where this library does on purpose what the C library does not. */
export interface Deviation {
  /** What is called, or what comes. */
  readonly what: string
  /** What the C library does, of release 1.8.10 or as measured. */
  readonly native: string
  readonly here: string
  /** Fails where `here` is not true. */
  readonly holds: (trial: Trial) => void | Promise<void>
}

/** That a call gives -1, and why. */
export const fails = async (zts: Zts, call: () => number | Promise<number>, errno: number): Promise<void> => {
  zts.errno = 0
  const result = await call()
  expect([result, zts.errno]).toEqual([-1, errno])
}
