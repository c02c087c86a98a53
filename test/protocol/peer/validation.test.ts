import { describe, expect, it } from 'vitest'
import type { Identity } from '../../../src/protocol/crypto/identity.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { parseEndpoint } from '../../../src/protocol/peer/endpoint.ts'
import { pathFor, pathTable } from '../../../src/protocol/peer/path.ts'
import {
  admit,
  admitCheck,
  CHECK_BURST,
  CHECK_RATE,
  expirePending,
  GROUP_BURST,
  GROUP_RATE,
  hasRoom,
  joinPending,
  MOST_HELLOS,
  MOST_PENDING,
  PENALTY,
  settle,
  startPending,
  validations,
} from '../../../src/protocol/peer/validation.ts'

const someone = (n: number, key = n): Identity => ({ address: address(n), publicKey: new Uint8Array(64).fill(key) })
const path = pathFor(pathTable(), parseEndpoint('10.0.0.1/1')!, 0)
const hello = new Uint8Array(137)
const times = (n: number, run: () => boolean): number => Array.from({ length: n }, run).filter(Boolean).length

describe('validation of strangers', () => {
  it('gives each prefix a burst and a rate of its own', () => {
    const v = validations()
    expect(times(100, () => admit(v, 1, 0))).toBe(GROUP_BURST)
    expect(times(100, () => admit(v, 2, 0))).toBe(GROUP_BURST)
    expect(times(100, () => admit(v, 1, 1_000))).toBe(GROUP_RATE)
  })

  it('spends on checks no more than a share of one core, whoever asks', () => {
    const v = validations()
    expect(times(1_000, () => admitCheck(v, 0))).toBe(CHECK_BURST)
    expect(times(1_000, () => admitCheck(v, 1_000))).toBe(CHECK_RATE)
  })

  it('shuts a prefix that sent a false identity for 2 s, and no other', () => {
    const v = validations()
    expect(admit(v, 1, 0)).toBe(true)
    startPending(v, someone(1), 1, 0)
    settle(v, someone(1), false, 20)
    expect(admit(v, 1, 20 + PENALTY)).toBe(false)
    expect(admit(v, 2, 20)).toBe(true)
    expect(admit(v, 1, 20 + PENALTY + 1_000)).toBe(true)
  })

  it('holds a few HELLOs of one identity, and none of another key for the address', () => {
    const v = validations()
    const pending = startPending(v, someone(1), 1, 0)
    expect(joinPending(pending, someone(1, 9), hello, path)).toBe(false)
    expect(times(10, () => joinPending(pending, someone(1), hello, path))).toBe(MOST_HELLOS)
    expect(settle(v, someone(1, 9), true, 1)).toBeUndefined()
    expect(settle(v, someone(1), true, 1)?.hellos).toHaveLength(MOST_HELLOS)
    expect(settle(v, someone(1), true, 1)).toBeUndefined()
  })

  it('has room for so many at once, and gives places free whose verdict never comes', () => {
    const v = validations()
    for (let i = 0; i < MOST_PENDING; i++) startPending(v, someone(i + 1), 1, 0)
    expect(hasRoom(v)).toBe(false)
    expect(expirePending(v, 29_999)).toBe(0)
    expect(expirePending(v, 30_000)).toBe(MOST_PENDING)
    expect(hasRoom(v)).toBe(true)
  })
})
