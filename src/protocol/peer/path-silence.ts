import type { Millis } from '../kernel/machine.ts'
import type { Path } from './path.ts'
import { UNKNOWN_LATENCY } from './path-quality.ts'

/**
 * A path is judged by what is heard on it after what was sent. `waitsSince` is when the first of what was sent since
 * something genuine came by was sent; contacts, which have to be answered, are counted from then on.
 */
export const noteAsked = (path: Path, now: Millis): void => {
  if (path.waitsSince === Infinity) path.waitsSince = now
  path.askedAt = now
  if (++path.probed === MOST_UNANSWERED)
    path.suspectFrom = Math.max(now + answerTime(path), path.waitsSince + SUSPECT_SILENCE)
}

/** The peer itself has given the path up, or seems to: that weighs as much as most of the contacts that may be unanswered. */
export const noteDenied = (path: Path): void => {
  path.probed = Math.max(path.probed, MOST_UNANSWERED - 2)
}

/** Something genuine has come by the path. */
export const heardOn = (path: Path, now: Millis): void => {
  path.heardAt = now
  path.waitsSince = Infinity
  path.suspectFrom = Infinity
  path.probed = 0
}

/**
 * It has left several contacts in a row unanswered. Native nodes use such a path until it expires, 243 s of silence; we take
 * the relay meanwhile, and go on trying.
 */
export const isSuspect = (path: Path, now: Millis): boolean => now >= path.suspectFrom

/** It has left a contact unanswered for longer than answers take: any other path is better, though not the relay. */
export const isDoubtful = (path: Path, now: Millis): boolean =>
  path.probed > 0 && now - path.waitsSince >= answerTime(path)

const answerTime = ({ latency }: Path): Millis =>
  latency >= UNKNOWN_LATENCY ? ANSWER_TIME : Math.max(ANSWER_TIME, 3 * latency)

export const MOST_UNANSWERED = 5
const SUSPECT_SILENCE: Millis = 500
/** So long an answer may take on any path. */
const ANSWER_TIME: Millis = 250
