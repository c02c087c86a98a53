import { absurd } from '../kernel/fp.ts'
import type { Machine, Millis, Step } from '../kernel/machine.ts'

/** `auto`: where UDP leads nowhere; `always`: nothing goes by UDP. */
export type FallbackMode = 'auto' | 'always'

export type FallbackInput =
  /** A datagram of at least 16 bytes came by UDP from an address the relay could stand in for. */
  | { readonly _tag: 'Heard' }
  /** Something is being sent to such an address. */
  | { readonly _tag: 'Sent' }
  | { readonly _tag: 'Connected' }
  /** The connection ended, or could not be made. */
  | { readonly _tag: 'Lost' }
export type FallbackOutput = { readonly _tag: 'Connect' } | { readonly _tag: 'Disconnect' }

export interface Fallback {
  readonly mode: FallbackMode
  /** When we began, or woke from sleep; `undefined` before the first input. */
  readonly since: Millis | undefined
  readonly heardAt: Millis
  /** When the sending that is still unanswered began, and its latest. */
  readonly tryingSince: Millis
  readonly sentAt: Millis
  readonly link: 'down' | 'connecting' | 'up'
  /** When the connection may be tried again, and how long to wait after that. */
  readonly againAt: Millis
  readonly delay: Millis
  /** The one thing that time alone brings about: `always` connects again. */
  readonly lookAt: Millis
}

/**
 * When to go by the TCP relay (`docs/protocol/vl1.md`, TCP fall-back relay): engaged once no UDP has come from the world
 * for a minute, connected as soon as something has been sent in vain for 2.5 s, shut again when UDP is heard. Native nodes
 * ask for a pause of 2.5 s between two packets instead, which a busy node never makes.
 */
export const fallback = (mode: FallbackMode): Machine<Fallback, FallbackInput, FallbackOutput> => ({
  initial: {
    mode,
    since: undefined,
    heardAt: -Infinity,
    tryingSince: Infinity,
    sentAt: -Infinity,
    link: 'down',
    againAt: -Infinity,
    delay: FIRST_DELAY,
    lookAt: mode === 'always' ? -Infinity : Infinity,
  },
  step: (before, input, now) => {
    const state = awake(before, now)
    switch (input._tag) {
      case 'Heard':
        return look({ ...state, heardAt: now, tryingSince: Infinity }, now)
      case 'Sent':
        return state.link === 'down' ? sent(state, now) : [state, []]
      case 'Connected':
        return state.link === 'connecting' ? [{ ...state, link: 'up', delay: FIRST_DELAY }, []] : [state, []]
      case 'Lost':
        return lost(state, now)
      default:
        return absurd(input)
    }
  },
  deadline: (state) => state.lookAt,
  tick: (state, now) => (now < state.lookAt ? [state, []] : look(awake(state, now), now)),
})

/** Whether packets are to go by the relay as well, if it is connected. */
export const isEngaged = (state: Fallback, now: Millis): boolean =>
  state.mode === 'always' ||
  (state.since !== undefined && now - state.since > ENGAGE_AFTER && now - state.heardAt > ENGAGE_AFTER)

const sent = (state: Fallback, now: Millis): Step<Fallback, FallbackOutput> => {
  const fresh = state.tryingSince === Infinity || now - state.sentAt > ENGAGE_AFTER
  return look({ ...state, tryingSince: fresh ? now : state.tryingSince, sentAt: now }, now)
}

const lost = (state: Fallback, now: Millis): Step<Fallback, FallbackOutput> => {
  if (state.link === 'down') return [state, []]
  const againAt = now + state.delay
  const lookAt = state.mode === 'always' ? againAt : Infinity
  const delay = Math.min(2 * state.delay, LAST_DELAY)
  return [{ ...state, link: 'down', againAt, delay, lookAt, sentAt: now, tryingSince: now }, []]
}

/** Connects or shuts, whatever is due. */
const look = (state: Fallback, now: Millis): Step<Fallback, FallbackOutput> => {
  const idle = { ...state, lookAt: Infinity }
  if (state.link !== 'down')
    return state.mode === 'auto' && now - state.heardAt < SHUT_WITHIN
      ? [{ ...idle, link: 'down', delay: FIRST_DELAY }, [{ _tag: 'Disconnect' }]]
      : [idle, []]
  if (!isEngaged(state, now)) return [idle, []]
  if (now < state.againAt) return [state.mode === 'always' ? { ...state, lookAt: state.againAt } : idle, []]
  if (state.mode === 'auto' && now - state.tryingSince < IN_VAIN) return [idle, []]
  return [{ ...idle, link: 'connecting' }, [{ _tag: 'Connect' }]]
}

/** Nothing is sent while a machine sleeps: a gap in which a running node would have spoken counts as a new start. */
const awake = (state: Fallback, now: Millis): Fallback =>
  state.since === undefined || (state.sentAt > -Infinity && now - state.sentAt > ASLEEP && state.link === 'down')
    ? { ...state, since: now }
    : state

/** Without UDP from the world for so long, and only after as long awake. */
export const ENGAGE_AFTER: Millis = 60_000
/** UDP that was heard so lately shuts the tunnel. */
export const SHUT_WITHIN: Millis = 30_000
/** Sending without an answer before the tunnel is opened: half of a look at the keepalives. */
export const IN_VAIN: Millis = 2_500
/** Between two attempts to connect: doubled up to the last. */
export const FIRST_DELAY: Millis = 2_500
export const LAST_DELAY: Millis = 60_000
const ASLEEP: Millis = 120_000
