import { canonicalIp, parseIp } from '../protocol/kernel/ip.ts'
import { ipOf } from './address.ts'
import type { Ip } from './ip-output.ts'

/**
 * Makes `Ip` values out of packet bytes without printing them each time: a direct-mapped cache, so a stranger who sends
 * from many addresses costs misses and nothing else. What stays in it is copied, never a view of a packet.
 */
export interface Interning {
  readonly v4: (packet: Uint8Array, at: number) => Ip
  readonly v6: (packet: Uint8Array, at: number) => Ip
  /** The address a caller wrote, in any spelling; `undefined` if it is none. */
  readonly text: (text: string) => Ip | undefined
}

export const interning = (): Interning => {
  const slots: (Ip | undefined)[] = new Array(SLOTS).fill(undefined)
  const texts = new Map<string, Ip>()
  const find = (b: Uint8Array, at: number, length: 4 | 16): Ip => {
    let hash: number = length
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ b[at + i]!, 0x0100_0193)
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const known = slots[slot]
    if (known !== undefined && known.bytes.length === length && equalAt(known.bytes, b, at)) return known
    const fresh = ipOf(b.slice(at, at + length))
    slots[slot] = fresh
    return fresh
  }
  return {
    v4: (b, at) => find(b, at, 4),
    v6: (b, at) => find(b, at, 16),
    text: (text) => {
      const known = texts.get(text)
      if (known !== undefined) return known
      const bytes = parseIp(canonicalIp(text) ?? '')
      if (bytes === undefined) return undefined
      const ip = find(bytes, 0, bytes.length === 4 ? 4 : 16)
      if (texts.size >= SLOTS) texts.clear()
      texts.set(text, ip)
      return ip
    },
  }
}

const equalAt = (known: Uint8Array, b: Uint8Array, at: number): boolean => {
  for (let i = 0; i < known.length; i++) if (known[i] !== b[at + i]) return false
  return true
}

/** A power of two. */
const SLOTS = 1024
