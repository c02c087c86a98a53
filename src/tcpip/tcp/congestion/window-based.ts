import type { Millis } from '../../../protocol/kernel/machine.ts'
import type { CongestionControl } from '../../stack-io.ts'
import type { Controller, RateSample, Start } from './controller.ts'
import { growthOn, type HyStart, hyStart, restart } from './hystart.ts'
import { begin, type Proportional, proportional, windowAfter } from './proportional.ts'

/** What distinguishes one loss-answering controller from another; the frame around it is `windowBased`. */
export interface WindowRule {
  readonly name: CongestionControl
  /** HyStart++ guards its slow start. */
  readonly careful: boolean
  /** The new ssthresh on loss; remembers what it needs of `cwnd`. */
  readonly reduce: (w: WindowState, flight: number) => number
  /** Congestion avoidance: grows `w.cwnd`. */
  readonly grow: (w: WindowState, sample: RateSample) => void
  /** The pause before this send was not the network's doing. */
  readonly resume: (pause: number) => void
  readonly save: () => void
  readonly restore: () => void
  readonly timedOut: () => void
}

export interface WindowState extends Controller {
  smss: number
}

/**
 * Slow start, recovery by proportional rate reduction, timeout, undo and restart after idle: what RFC 5681 asks of every
 * controller whose answer to loss is a smaller window. Growth only while the window is what limits sending.
 */
export const windowBased = (rule: WindowRule): WindowState => {
  let initial = 0
  let lastSend: Millis = 0
  let srtt = 0
  const hystart: HyStart = hyStart()
  let lossSeen = false
  let minRttAt: Millis = 0
  const prr: Proportional = proportional()
  let saved = { cwnd: 0, ssthresh: 0 }

  const pace = (): void => {
    w.pacingRate = srtt > 0 ? ((w.cwnd < w.ssthresh ? SLOW_START_GAIN : AVOIDANCE_GAIN) * w.cwnd) / srtt : Infinity
    w.quantum = Math.max(2 * w.smss, Math.min(LARGEST_QUANTUM, w.pacingRate))
  }
  const slowStart = (sample: RateSample): void => {
    const share =
      rule.careful && !lossSeen ? growthOn(hystart, sample.priorDelivered, sample.totalDelivered, sample.rtt) : 1
    if (share === 0) w.ssthresh = w.cwnd
    else if (sample.cwndLimited) {
      const most = w.minRtt < FAST_PATH ? BURST_LIMIT * w.smss : Infinity
      w.cwnd += Math.min(sample.newlyAcked, most) * share
    }
  }

  const w: WindowState = {
    name: rule.name,
    smss: 0,
    cwnd: 0,
    pacingRate: Infinity,
    quantum: 0,
    ssthresh: Infinity,
    phase: 'slow start',
    minRtt: Infinity,
    restrained: false,
    init: (start: Start) => {
      w.smss = start.smss
      initial = start.initialCwnd
      w.cwnd = initial
      srtt = start.srtt
      w.minRtt = srtt > 0 ? srtt : Infinity
      minRttAt = start.now
      lastSend = start.now
      pace()
    },
    onSend: (now, length, inflight) => {
      if (prr.active) prr.sent += length
      else if (inflight === 0) {
        const idle = now - lastSend
        if (idle > Math.max(200, 2 * srtt)) w.cwnd = Math.max(Math.min(initial, w.cwnd), w.smss)
        rule.resume(idle)
      }
      lastSend = now
    },
    onAck: (sample) => {
      srtt = sample.srtt
      if (sample.rtt >= 0 && (sample.rtt <= w.minRtt || sample.now > minRttAt + MIN_RTT_WINDOW)) {
        w.minRtt = sample.rtt
        minRttAt = sample.now
      }
      if (prr.active) {
        w.cwnd = windowAfter(prr, sample.newlyAcked, sample.inflight, w.smss, sample.advanced && sample.newlyLost === 0)
      } else if (w.cwnd < w.ssthresh) slowStart(sample)
      else if (sample.cwndLimited && sample.newlyAcked > 0) rule.grow(w, sample)
      w.phase = prr.active ? 'recovery' : w.cwnd < w.ssthresh ? 'slow start' : 'avoidance'
      pace()
    },
    onLoss: () => {
      lossSeen = true
      return true
    },
    onRecovery: (entered, _now, inflight) => {
      if (entered) {
        saved = { cwnd: w.cwnd, ssthresh: w.ssthresh }
        rule.save()
        w.ssthresh = rule.reduce(w, inflight)
        begin(prr, w.ssthresh, inflight)
      } else if (prr.active) {
        prr.active = false
        w.cwnd = Math.max(w.ssthresh, w.smss)
      }
    },
    onRto: (_now, flight, first) => {
      if (first) {
        saved = { cwnd: w.cwnd, ssthresh: w.ssthresh }
        rule.save()
        if (!prr.active) w.ssthresh = rule.reduce(w, flight)
      }
      prr.active = false
      rule.timedOut()
      w.cwnd = w.smss
      w.phase = 'slow start'
      pace()
    },
    onUndo: () => {
      prr.active = false
      w.cwnd = Math.max(w.cwnd, saved.cwnd)
      w.ssthresh = Math.max(w.ssthresh, saved.ssthresh)
      rule.restore()
      pace()
    },
    onPathHint: () => {
      restart(hystart)
      w.minRtt = Infinity
    },
    onMss: (_now, smss) => {
      // the window keeps its number of segments: a narrower path is no congestion
      w.cwnd = Math.max(smss, (w.cwnd / w.smss) * smss)
      w.smss = smss
    },
  }
  return w
}

const SLOW_START_GAIN = 2
const AVOIDANCE_GAIN = 1.2
/** Bytes per ACK that count in slow start while nothing is paced, in segments (RFC 9406 L). */
const BURST_LIMIT = 8
const LARGEST_QUANTUM = 65_536
/** Below this RTT nothing is paced. */
const FAST_PATH = 0.5
const MIN_RTT_WINDOW = 10_000
