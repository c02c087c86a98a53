import { describe, expect, it } from 'vitest'
import { scope } from '../../../src/protocol/peer/endpoint.ts'
import {
  averageLatency,
  isAlive,
  needsHeartbeat,
  pathQuality,
  relayQuality,
  UNKNOWN_LATENCY,
} from '../../../src/protocol/peer/path-quality.ts'

describe('the quality of a path', () => {
  it('is better on the same site than over the Internet', () => {
    expect(pathQuality(20, 0, scope.private, 1)).toBe(20)
    expect(pathQuality(20, 0, scope.global, 1)).toBe(80)
  })

  it('is worse after 19 s of silence than that of any path that is heard', () => {
    expect(pathQuality(1, 18_999.9, scope.private, 1)).toBe(1)
    expect(pathQuality(1, 19_000, scope.private, 1)).toBeGreaterThan(pathQuality(UNKNOWN_LATENCY, 0, scope.private, 1))
  })

  it('grows no worse after 140 s', () => {
    expect(pathQuality(1, 500_000, scope.global, 1)).toBe(pathQuality(1, 140_000, scope.global, 1))
  })

  it('is divided by the priority, and truncated', () => {
    expect(pathQuality(117, 0, scope.private, 5)).toBe(23)
  })
})

describe('latency', () => {
  it('begins with the first sample and follows the later ones by half', () => {
    expect([125, 302, 22].reduce(averageLatency, UNKNOWN_LATENCY)).toBe(117)
  })
})

describe('a path', () => {
  it('is alive for 19 s, and kept open every 14 s', () => {
    expect([isAlive(18_999), isAlive(19_000)]).toEqual([true, false])
    expect([needsHeartbeat(13_999), needsHeartbeat(14_000)]).toEqual([false, true])
  })
})

describe('the quality of an upstream as relay', () => {
  it.each([
    [10, 0, 10],
    [10, 60_999, 10],
    [10, 61_000, 20],
    [10, 499_999, 90],
    [10, 500_000, Infinity],
    [undefined, 0, 65_535],
    [0, 0, 65_535],
  ])('with latency %s after %i ms of silence is %d', (latency, silent, quality) => {
    expect(relayQuality(latency, silent)).toBe(quality)
  })
})
