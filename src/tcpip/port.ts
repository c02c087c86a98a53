import type { Ip } from './ip-output.ts'
import type { SipHash } from './siphash.ts'

/**
 * Ephemeral ports by RFC 6056 algorithm 3 with a counter per group of destinations: successive connections to one
 * destination get successive ports from a secret start, so ports neither repeat soon nor tell about other connections.
 * `pick` returns `undefined` when every port of the range is in use.
 */
export interface EphemeralPorts {
  readonly pick: (
    local: Ip | undefined,
    remote: Ip | undefined,
    remotePort: number,
    isFree: (port: number) => boolean,
  ) => number | undefined
}

export const ephemeralPorts = (hash: SipHash): EphemeralPorts => {
  const counters = new Uint32Array(GROUPS)
  return {
    pick: (local, remote, remotePort, isFree) => {
      const offset = hash(...wordsOf(local), ...wordsOf(remote), remotePort)
      const group = hash(...wordsOf(remote), remotePort, 1) % GROUPS
      for (let tried = 0; tried < PORTS; tried++) {
        const port = FIRST_EPHEMERAL + ((offset + counters[group]!) % PORTS)
        counters[group] = counters[group]! + 1
        if (isFree(port)) return port
      }
      return undefined
    },
  }
}

/** The address as the 32-bit words that keyed hashes take. */
export const wordsOf = (ip: Ip | undefined): readonly number[] => {
  if (ip === undefined) return [0]
  const words: number[] = []
  const b = ip.bytes
  for (let i = 0; i < b.length; i += 4) {
    words.push((b[i]! << 24) | (b[i + 1]! << 16) | (b[i + 2]! << 8) | b[i + 3]!)
  }
  return words
}

export const FIRST_EPHEMERAL = 49_152
export const LAST_EPHEMERAL = 65_535
const PORTS = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1
const GROUPS = 256
