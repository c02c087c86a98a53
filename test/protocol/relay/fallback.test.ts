import { describe, expect, it } from 'vitest'
import {
  ENGAGE_AFTER,
  type FallbackInput,
  type FallbackMode,
  FIRST_DELAY,
  fallback,
  IN_VAIN,
  isEngaged,
  LAST_DELAY,
} from '../../../src/protocol/relay/fallback.ts'

/** A machine in virtual time, and what it did when. */
const run = (mode: FallbackMode) => {
  const machine = fallback(mode)
  let state = machine.initial
  let now = 1_000_000
  const deeds: [at: number, deed: string][] = []
  const take = ([after, outputs]: ReturnType<typeof machine.step>): void => {
    state = after
    for (const { _tag } of outputs) deeds.push([now - 1_000_000, _tag])
  }
  const settle = (): void => {
    if (machine.deadline(state) <= now) take(machine.tick(state, now))
  }
  return {
    deeds,
    tell: (_tag: FallbackInput['_tag']) => take(machine.step(state, { _tag }, now)),
    pass: (ms: number) => {
      const end = now + ms
      for (let at = machine.deadline(state); at <= end; at = machine.deadline(state)) {
        now = Math.max(now, at)
        settle()
      }
      now = end
    },
    /** Sends every `every` ms for `ms`. */
    send(ms: number, every: number) {
      for (let t = 0; t < ms; t += every) {
        this.tell('Sent')
        this.pass(every)
      }
    },
    get engaged() {
      return isEngaged(state, now)
    },
  }
}

describe('auto', () => {
  it('connects after a minute without UDP, however often it sends', () => {
    for (const every of [20, 500, 5_000]) {
      const it = run('auto')
      it.send(ENGAGE_AFTER, every)
      expect(it.deeds).toEqual([])
      it.send(5_001, every)
      expect(it.deeds).toHaveLength(1)
      expect(it.engaged).toBe(true)
    }
  })

  it('does not connect while UDP is heard, nor until a minute after it was', () => {
    const it = run('auto')
    for (let i = 0; i < 20; i++) {
      it.send(10_000, 1_000)
      it.tell('Heard')
    }
    it.send(ENGAGE_AFTER, 1_000)
    expect(it.deeds).toEqual([])
    it.send(1_500, 500)
    expect(it.deeds).toHaveLength(1)
  })

  it('does not connect for a node that sends nothing, or only once', () => {
    const it = run('auto')
    it.tell('Sent')
    it.pass(200_000)
    it.tell('Sent')
    expect(it.deeds).toEqual([])
  })

  it('waits for an answer for 2.5 s', () => {
    const it = run('auto')
    it.tell('Lost')
    it.pass(ENGAGE_AFTER + 1)
    const from = ENGAGE_AFTER + 1
    it.send(IN_VAIN + 1, 100)
    expect(it.deeds).toEqual([[from + IN_VAIN, 'Connect']])
  })

  it('shuts the tunnel when UDP works again', () => {
    const it = run('auto')
    it.send(70_000, 1_000)
    it.tell('Connected')
    it.send(100_000, 1_000)
    expect(it.deeds).toHaveLength(1)
    it.tell('Heard')
    expect(it.deeds.at(-1)).toEqual([170_000, 'Disconnect'])
    expect(it.engaged).toBe(false)
  })

  it('connects again after a loss, with growing patience', () => {
    const it = run('auto')
    const attempts: number[] = []
    it.send(61_000, 500)
    for (let i = 0; i < 8; i++) {
      attempts.push(it.deeds.at(-1)![0])
      it.tell('Lost')
      it.send(LAST_DELAY + 1_000, 500)
    }
    expect(it.deeds).toHaveLength(9)
    const gaps = attempts.slice(1).map((at, i) => at - attempts[i]!)
    expect(gaps.every((gap) => gap >= FIRST_DELAY)).toBe(true)
  })

  it('waits a minute after a machine has slept', () => {
    const it = run('auto')
    it.send(30_000, 1_000)
    it.pass(3_600_000)
    it.send(ENGAGE_AFTER, 1_000)
    expect(it.deeds).toEqual([])
    it.send(2_000, 500)
    expect(it.deeds).toHaveLength(1)
  })
})

describe('always', () => {
  it('connects at once, and again after 2.5, 5, 10 … 60 s', () => {
    const it = run('always')
    it.pass(0)
    for (let i = 0; i < 7; i++) {
      it.tell('Lost')
      it.pass(LAST_DELAY)
    }
    const at = it.deeds.map(([time]) => time)
    expect(at[0]).toBe(0)
    expect(it.deeds.every(([, deed]) => deed === 'Connect')).toBe(true)
    expect(at.slice(1).map((time, i) => time - i * LAST_DELAY)).toEqual([
      2_500, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000,
    ])
  })

  it('begins anew with 2.5 s after it was connected, and is not shut by UDP', () => {
    const it = run('always')
    it.pass(0)
    it.tell('Lost')
    it.pass(10_000)
    it.tell('Connected')
    it.tell('Heard')
    it.tell('Lost')
    it.pass(2_500)
    expect(it.deeds.map(([at]) => at)).toEqual([0, 2_500, 12_500])
  })
})
