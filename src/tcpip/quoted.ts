import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import { DESTINATION_V4, fragmentFieldOf, IPV4_HEADER, ihlOf, SOURCE_V4 } from './ipv4.ts'
import { chain, DESTINATION_V6, FRAGMENT, IPV6_HEADER, SOURCE_V6, walk } from './ipv6.ts'

/** A packet of ours as an error report quotes it, cut off somewhere: `local` is who we were when we sent it. */
export interface Quoted {
  readonly local: Ip
  readonly remote: Ip
  readonly protocol: number
  /** The transport header, as much of it as there is. */
  readonly transport: Uint8Array
}

/** `undefined` if it cannot be told which socket sent it. */
export const readQuoted = (b: Uint8Array, intern: Interning): Quoted | undefined => {
  const version = (b[0] ?? 0) >>> 4
  if (version === 4) {
    if (b.length < IPV4_HEADER || (fragmentFieldOf(b) & 0x1fff) !== 0) return undefined
    const header = ihlOf(b)
    if (header < IPV4_HEADER || b.length < header + LEAST_TRANSPORT) return undefined
    return {
      local: intern.v4(b, SOURCE_V4),
      remote: intern.v4(b, DESTINATION_V4),
      protocol: b[9]!,
      transport: b.subarray(header),
    }
  }
  if (version !== 6 || b.length < IPV6_HEADER) return undefined
  const c = chain()
  if (walk(b, c) !== undefined) return undefined
  if (c.protocol === FRAGMENT) {
    if (b.length < c.at + 8 || ((b[c.at + 2]! << 8) | b[c.at + 3]!) >>> 3 !== 0) return undefined
    c.protocol = b[c.at]!
    c.at += 8
  }
  if (b.length < c.at + LEAST_TRANSPORT) return undefined
  return {
    local: intern.v6(b, SOURCE_V6),
    remote: intern.v6(b, DESTINATION_V6),
    protocol: c.protocol,
    transport: b.subarray(c.at),
  }
}

/** Every report must quote so much (RFC 792): ports, and the sequence number of TCP. */
const LEAST_TRANSPORT = 8
