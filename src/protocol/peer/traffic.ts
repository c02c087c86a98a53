import { FRAGMENT_MARK } from '../packet/header.ts'
import { verbName } from '../verb/verb-code.ts'

/** How much was sent and received, by verb and by way: plain additions, always on. Sizes are those of UDP payloads. */
export interface Traffic {
  readonly verbs: Float64Array
  readonly ways: Float64Array
}

export const traffic = (): Traffic => ({
  verbs: new Float64Array(VERBS * kinds.length),
  ways: new Float64Array(ways.length * kinds.length),
})

/** An authentic packet for us, as large as it was when it was put together. */
export const countReceived = ({ verbs, ways }: Traffic, verb: number, size: number, hops: number): void => {
  verbs[verb * 4 + RECEIVED]! += 1
  verbs[verb * 4 + RECEIVED_BYTES]! += size
  const way = hops === 0 ? DIRECT : RELAYED
  ways[way + RECEIVED]! += 1
  ways[way + RECEIVED_BYTES]! += size
}

/** A datagram of ours; the pieces of one packet count once. */
export const countSent = ({ verbs, ways }: Traffic, verb: number, datagram: Uint8Array, direct: boolean): void => {
  const one = isPiece(datagram) ? 0 : 1
  verbs[verb * 4 + SENT]! += one
  verbs[verb * 4 + SENT_BYTES]! += datagram.length
  const way = direct ? DIRECT : RELAYED
  ways[way + SENT]! += one
  ways[way + SENT_BYTES]! += datagram.length
}

/** A datagram of somebody else, passed on. */
export const countForwarded = ({ ways }: Traffic, datagram: Uint8Array): void => {
  ways[FORWARDED + SENT]! += isPiece(datagram) ? 0 : 1
  ways[FORWARDED + SENT_BYTES]! += datagram.length
}

/** `verb/counter` and `way/counter`, those above zero. */
export const countsOf = ({ verbs, ways: byWay }: Traffic): Record<string, number> => {
  const found: Record<string, number> = {}
  const read = (name: string, of: Float64Array, row: number): void => {
    for (const [k, kind] of kinds.entries()) {
      const value = of[row * kinds.length + k]!
      if (value > 0) found[`${name}/${kind}`] = value
    }
  }
  for (let verb = 0; verb < VERBS; verb++) read(verbName(verb) ?? `verb${verb}`, verbs, verb)
  for (const [row, way] of ways.entries()) read(way, byWay, row)
  return found
}

const isPiece = (datagram: Uint8Array): boolean => datagram[13] === FRAGMENT_MARK

/** What five bits can say. */
const VERBS = 32
const kinds = ['received', 'receivedBytes', 'sent', 'sentBytes'] as const
const [RECEIVED, RECEIVED_BYTES, SENT, SENT_BYTES] = [0, 1, 2, 3]
const ways = ['direct', 'relayed', 'forwarded'] as const
const [DIRECT, RELAYED, FORWARDED] = [0, 4, 8]
