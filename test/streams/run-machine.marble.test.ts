import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Machine } from '../../src/protocol/kernel/machine.ts'
import { type Live, runMachine } from '../../src/streams/run-machine.ts'
import { marbles } from '../../src/streams/virtual/marbles.ts'
import { VirtualClock } from '../../src/streams/virtual/virtual-clock.ts'

interface Talker {
  readonly due: number
}
/** Says each letter it hears, and a `z` after 5 ms of silence. */
const talker: Machine<Talker, string, string> = {
  initial: { due: Number.POSITIVE_INFINITY },
  step: (_state, letter, now) => [{ due: now + 5 }, [letter]],
  deadline: ({ due }) => due,
  tick: (state, now) => (now < state.due ? [state, []] : [{ due: Number.POSITIVE_INFINITY }, ['z']]),
}

describe('a machine as an operator', () => {
  it('turns inputs into outputs and keeps the deadline', () => {
    marbles(({ hot, expectObservable, clock }) => {
      const input = '   a--b---------c'
      const expected = ' a--b----z----c----z'
      expectObservable(hot(input).pipe(runMachine(talker, clock)), '^------------------------!').toBe(expected)
    })
  })

  it('ends with its input, and its alarm with it', () => {
    marbles(({ hot, expectObservable, clock }) => {
      expectObservable(hot('a-|').pipe(runMachine(talker, clock))).toBe('a-|')
    })
  })

  it('passes on an error of its input', () => {
    marbles(({ hot, expectObservable, clock }) => {
      expectObservable(hot('a-#').pipe(runMachine(talker, clock))).toBe('a-#')
    })
  })

  it('lets go of input and alarm when nobody listens', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, clock }) => {
      const input = hot('a--b--')
      expectObservable(input.pipe(runMachine(talker, clock)), '^--!').toBe('a--')
      expectSubscriptions(input.subscriptions).toBe('^--!')
    })
  })

  it('errors the stream when the machine is broken', () => {
    marbles(({ hot, expectObservable, clock }) => {
      const broken: Machine<Talker, string, string> = {
        ...talker,
        step: () => {
          throw 'defect'
        },
      }
      expectObservable(hot('-a').pipe(runMachine(broken, clock))).toBe('-#', undefined, 'defect')
    })
  })

  it('lets inputs wait that its own outputs cause, in order, and finishes them before it ends', () => {
    const input = new Subject<string>()
    const heard: string[] = []
    const counting: Machine<number, string, string> = {
      initial: 0,
      step: (state, letter) => [state + 1, [`${letter}1`, `${letter}2`]],
      deadline: () => Number.POSITIVE_INFINITY,
      tick: (state) => [state, []],
    }
    const live: Live<number> = { state: 0 }
    let ended = false
    input.pipe(runMachine(counting, new VirtualClock(), live)).subscribe({
      next: (output) => {
        heard.push(output)
        if (output === 'a1') {
          input.next('b')
          input.next('c')
          input.complete()
          expect(ended).toBe(false)
        }
      },
      complete: () => {
        ended = true
      },
    })
    input.next('a')
    expect(heard).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
    expect(live.state).toBe(3)
    expect(ended).toBe(true)
  })

  it('sets the alarm earlier when the deadline moves there, and lets it ring early when it moves later', () => {
    const clock = new VirtualClock(0)
    const input = new Subject<number>()
    const rings: number[] = []
    const alarmClock: Machine<number, number, string> = {
      initial: Number.POSITIVE_INFINITY,
      step: (_state, due) => [due, []],
      deadline: (due) => due,
      tick: (due, now) => {
        rings.push(now)
        return now < due ? [due, []] : [Number.POSITIVE_INFINITY, ['ring']]
      },
    }
    const heard: string[] = []
    input.pipe(runMachine(alarmClock, clock)).subscribe((output) => heard.push(`${output} ${clock.now()}`))
    input.next(100)
    input.next(50)
    clock.runTo(60)
    input.next(100)
    input.next(200)
    clock.runTo(300)
    expect(heard).toEqual(['ring 50', 'ring 200'])
    expect(rings).toEqual([50, 100, 200])
  })
})
