import { describe, expect, it } from 'vitest'
import { bucket, shut, take } from '../../../src/protocol/peer/rate-gate.ts'

const takes = (n: number, now: number, it: ReturnType<typeof bucket>): number => {
  let taken = 0
  for (let i = 0; i < n; i++) if (take(it, now, 10, 5)) taken++
  return taken
}

describe('a bucket', () => {
  it('gives its burst at once, and then its rate', () => {
    const it = bucket(5)
    expect(takes(9, 1_000, it)).toBe(5)
    expect(takes(9, 1_099, it)).toBe(0)
    expect(takes(9, 1_100, it)).toBe(1)
    expect(takes(9, 1_400, it)).toBe(3)
  })

  it('never holds more than its burst', () => {
    const it = bucket(5)
    takes(5, 0, it)
    expect(takes(99, 1_000_000, it)).toBe(5)
  })

  it('gives nothing for as long as it is shut', () => {
    const it = bucket(5)
    shut(it, 1_000, 2_000, 10)
    expect(takes(9, 3_000, it)).toBe(0)
    expect(takes(9, 3_100, it)).toBe(1)
  })

  it('gives nothing for a clock that steps back', () => {
    const it = bucket(5)
    takes(5, 1_000, it)
    expect(takes(9, 0, it)).toBe(0)
  })
})
