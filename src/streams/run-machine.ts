import { Observable, type OperatorFunction, type SchedulerLike, Subscription } from 'rxjs'
import type { Machine, Millis, Step } from '../protocol/kernel/machine.ts'

/** Where the state of a running machine can be read between its steps, for views and snapshots. */
export interface Live<S> {
  state: S
}

/**
 * Runs a pure machine over a stream: inputs in, outputs out, its one deadline kept by `clock`.
 *
 * Inputs that arrive while outputs are being delivered wait their turn, so a machine may hear its own echo without being
 * entered twice. Completes with its input; a machine that throws is a defect, and errors the stream. `live` shows the
 * state to whoever needs it. One subscription per machine: `initial` may be an accumulator.
 */
export const runMachine =
  <S, I, O>(
    machine: Machine<S, I, O>,
    clock: SchedulerLike,
    live: Live<S> = { state: machine.initial },
  ): OperatorFunction<I, O> =>
  (input$) =>
    new Observable<O>((out) => {
      let busy = false
      let ended = false
      let alarm = Subscription.EMPTY
      let armedFor: Millis = Number.POSITIVE_INFINITY
      const waiting: I[] = []

      const deliver = ([after, outputs]: Step<S, O>): void => {
        live.state = after
        for (let i = 0; i < outputs.length; i++) out.next(outputs[i]!)
      }
      const settle = (): void => {
        while (waiting.length > 0 && !out.closed) deliver(machine.step(live.state, waiting.shift()!, clock.now()))
      }
      const enter = (input: I): void => {
        if (busy) {
          waiting.push(input)
          return
        }
        busy = true
        try {
          deliver(machine.step(live.state, input, clock.now()))
          settle()
        } catch (defect) {
          out.error(defect)
        }
        leave()
      }
      // the alarm may ring in the middle of a step only under a scheduler that runs work at once
      const ring = (): void => {
        armedFor = Number.POSITIVE_INFINITY
        if (busy) return
        busy = true
        try {
          deliver(machine.tick(live.state, clock.now()))
          settle()
        } catch (defect) {
          out.error(defect)
        }
        leave()
      }
      const leave = (): void => {
        busy = false
        if (ended) out.complete()
        else if (!out.closed) arm()
      }
      // A deadline that moves later leaves the alarm alone: it rings early, `tick` finds nothing, it is set again.
      const arm = (): void => {
        const at = machine.deadline(live.state)
        if (at >= armedFor) return
        alarm.unsubscribe()
        armedFor = at
        alarm = clock.schedule(ring, Math.max(0, at - clock.now()))
      }
      const complete = (): void => {
        ended = true
        if (!busy) out.complete()
      }

      out.add(() => alarm.unsubscribe())
      arm()
      out.add(input$.subscribe({ next: enter, error: (error) => out.error(error), complete }))
    })

/** What a subscriber throws reaches nobody but the process: an error of ours is to end the node, not that. */
export const safely =
  <T>(deed: (output: T) => void, defect: (error: unknown) => void): ((output: T) => void) =>
  (output) => {
    try {
      deed(output)
    } catch (error) {
      defect(error)
    }
  }
