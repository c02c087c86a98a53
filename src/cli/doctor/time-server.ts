import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { fail } from '../failure.ts'
import { isSystemError } from '../file.ts'
import type { ClockEvidence } from './evidence.ts'
import { askByUdp } from './host-probes.ts'

/** How far this machine's clock is ahead of a time server's, by one question of SNTP (RFC 4330). */
export const askTimeServer = async (host: string): Promise<ClockEvidence> => {
  const address = isIP(host) > 0 ? host : await addressOf(host)
  const question = new Uint8Array(48)
  question[0] = CLIENT
  const sent = Date.now()
  const { reply, answer } = await askByUdp({ address, port: 123 }, question)
  const got = Date.now()
  const ahead = answer === undefined ? undefined : aheadIn(answer, sent, got)
  if (ahead === undefined)
    return fail(`time server ${host} does not tell the time (${reply})`, 'name another with --time-server')
  return { by: `time server ${host}`, ahead }
}

/**
 * RFC 4330 §5, the other way round: by when the question was sent and the answer came, both on this machine's clock, and
 * the server's times of the same. `undefined` if the answer holds none.
 */
export const aheadIn = (answer: Uint8Array, sent: number, got: number): number | undefined => {
  if (answer.length < 48) return undefined
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length)
  // a server whose own clock is not set says 0
  if (view.getUint32(40) === 0) return undefined
  return (sent - timeIn(view, 32) + (got - timeIn(view, 40))) / 2
}

/** ms since the epoch; the first era of NTP ends in 2036, and what looks like 1900 is of the next. */
const timeIn = (view: DataView, at: number): number => {
  const seconds = view.getUint32(at)
  const era = seconds < EPOCH ? 2 ** 32 : 0
  return (seconds + era - EPOCH) * 1_000 + (view.getUint32(at + 4) * 1_000) / 2 ** 32
}

const addressOf = (host: string): Promise<string> =>
  lookup(host).then(
    ({ address }) => address,
    (cause: unknown) => {
      const why = isSystemError(cause) ? cause.code : String(cause)
      return fail(`time server ${host} has no address (${why})`, 'name one by its address with --time-server', {
        cause,
      })
    },
  )

/** Version 4, mode 3. */
const CLIENT = 0x23
/** Seconds from 1900 to 1970. */
const EPOCH = 2_208_988_800
