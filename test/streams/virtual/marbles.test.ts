import { map } from 'rxjs'
import { type Machine, marbles, runMachine } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { pcapng, readPcapng } from '../../../src/pcap.ts'
import { frames } from '../capture/samples.ts'

/** Acknowledges every second packet at once, a single one after 40 ms (RFC 1122 §4.2.3.2). */
interface Pending {
  readonly since: number
}
const delayedAck: Machine<Pending, Uint8Array, Map<string, bigint>> = {
  initial: { since: Infinity },
  step: ({ since }, packet, now) =>
    since === Infinity ? [{ since: now }, []] : [{ since: Infinity }, [new Map([['ack', BigInt(packet.length)]])]],
  deadline: ({ since }) => since + 40,
  tick: (state, now) => (now < state.since + 40 ? [state, []] : [{ since: Infinity }, [new Map([['ack', 0n]])]]),
}
const packets = { a: new Uint8Array(100), b: new Uint8Array(200) }
const acks = { x: new Map([['ack', 200n]]), y: new Map([['ack', 0n]]) }

describe('marble tests', () => {
  it('play a machine in virtual time and compare what is in bytes, maps and bigints', () => {
    marbles(({ hot, expectObservable, clock }) => {
      const input = '   a--b--a 60ms -'
      const expected = ' ---x--- 39ms y'
      expectObservable(hot(input, packets).pipe(runMachine(delayedAck, clock)), '^ 80ms !').toBe(expected, acks)
    })
  })

  it.each([
    ['at another moment', '----x', acks],
    ['of another value', '---x', { x: new Map([['ack', 201n]]) }],
    ['of another kind', '---x', { x: [['ack', 200n]] }],
    ['once more', '---x-x', acks],
  ])('fail for what is said %s, and show both sides', (_, expected, values) => {
    const test = () =>
      marbles(({ hot, expectObservable, clock }) => {
        expectObservable(hot('a--b--', packets).pipe(runMachine(delayedAck, clock)), '^-----!').toBe(expected, values)
      })
    expect(test).toThrow(
      /the marbles differ\nexpected:\n[\s\S]*\nactual:\n +3 ms {2}\{"map":\[\["ack",\{"bigint":"200"\}\]\]\}$/,
    )
  })

  it('tell bytes apart', () => {
    const test = () =>
      marbles(({ cold, expectObservable }) => {
        expectObservable(cold('a', packets)).toBe('a', { a: new Uint8Array(100).fill(1) })
      })
    expect(test).toThrow('the marbles differ')
  })

  it('compare by the assertion of a framework where they are given one', () => {
    marbles(
      ({ hot, expectObservable, clock }) => {
        expectObservable(hot('a--b', packets).pipe(runMachine(delayedAck, clock)), '^---!').toBe('---x', acks)
      },
      (actual, expected) => expect(actual).toEqual(expected),
    )
  })

  it('take any operator: a capture begins at once, and has a piece for each frame', () => {
    const [a, b] = frames
    marbles(({ hot, expectObservable }) => {
      const kinds = hot('--a--b|', { a: a!, b: b! }).pipe(
        pcapng(),
        map((piece) => (readPcapng(piece) === undefined ? 'packet' : 'header')),
      )
      expectObservable(kinds).toBe('h-p--p|', { h: 'header', p: 'packet' })
    })
  })
})
