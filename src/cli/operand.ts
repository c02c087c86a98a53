import { isIP } from 'node:net'
import { misuse } from './failure.ts'

/** What is written on a command line, as values: a wrong one ends the command with what was wrong with it. */

export const networkId = (text: string): string =>
  LONG_ID.test(text)
    ? text.toLowerCase()
    : misuse(`network ID "${text}" is not 16 hex digits`, 'copy it from the controller, like 8056c2e21c000001')

export const nodeId = (text: string): string =>
  NODE_ID.test(text)
    ? text.toLowerCase()
    : misuse(`node ID "${text}" is not 10 hex digits`, 'copy it from `rxzt info` of that node, like 1a02b166b2')

/** A moon, in the ten digits that native services take where these are enough. */
export const worldId = (text: string): string =>
  WORLD_ID.test(text)
    ? text.toLowerCase().replace(/^0+(?=[0-9a-f]{10})/, '')
    : misuse(`world ID "${text}" is not 10 to 16 hex digits`, 'copy it from the moon file, like 000000deadbeef00')

/** A planet, by a number of 64 bits. */
export const planetId = (text: string): bigint =>
  /^[0-9a-f]{1,16}$/i.test(text) && !/^0+$/.test(text)
    ? BigInt(`0x${text}`)
    : misuse(`planet ID "${text}" is not up to 16 hex digits`, '`rxzt planet show` tells that of a planet file')

/** `least` is 0 where 0 stands for any. */
export const portOf = (text: string, least: 0 | 1 = 1): number => {
  const port = whole(text)
  if (port !== undefined && port >= least && port <= 65_535) return port
  return misuse(`port "${text}" is no port`, `use a whole number from ${least} to 65535`)
}
export const port = (text: string): number => portOf(text)
export const portOrAny = (text: string): number => portOf(text, 0)

export const ipAddress = (text: string): string =>
  isIP(text) > 0 ? text : misuse(`"${text}" is no IP address`, 'write it like 10.147.17.5 or fd00::1')

/** A whole number that is not negative; `name` is that of the option. */
export const count =
  (name: string, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const found = whole(text)
    if (found !== undefined && found <= most) return found
    return misuse(`${name} "${text}" is no count`, `use a whole number${most < 2 ** 40 ? ` up to ${most}` : ''}`)
  }

/** Seconds, also in fractions, as ms. */
export const seconds =
  (name: string) =>
  (text: string): number => {
    const found = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN
    if (found <= MOST_MS) return found
    return misuse(`${name} "${text}" is no time`, 'use seconds, like 10 or 0.5')
  }

const whole = (text: string): number | undefined => {
  const found = /^\d{1,16}$/.test(text) ? Number(text) : undefined
  return found !== undefined && Number.isSafeInteger(found) ? found : undefined
}

const LONG_ID = /^[0-9a-f]{16}$/i
const NODE_ID = /^[0-9a-f]{10}$/i
const WORLD_ID = /^[0-9a-f]{10,16}$/i
/** What a timer of Node can wait for. */
const MOST_MS = 2 ** 31 - 1
