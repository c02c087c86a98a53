import { readU16, readU32 } from '../../../src/protocol/kernel/codec.ts'
import { printIp } from '../../../src/protocol/kernel/ip.ts'
import type { PacketText } from './packet-text.ts'

/**
 * Group reports: `igmp 0x22 4:224.1.2.3` and `mld 143 4:ff02::5` name each record by its kind and group
 * (RFC 3376 §4.2, RFC 3810 §5.2); older reports are kind 0.
 */
export const readReport = (
  ip: PacketText,
): { readonly words: readonly string[]; readonly fields: ReadonlyMap<string, string> } => {
  const b = ip.payload
  const size = ip.protocol === 2 ? 4 : 16
  const name = ip.protocol === 2 ? 'igmp' : 'mld'
  const address = (at: number): string => printIp(b.slice(at, at + size))
  const isRecords = b[0] === 0x22 || (ip.protocol === 58 && b[0] === 143)
  if (!isRecords) return { words: [name, `${b[0]}`, `0:${address(ip.protocol === 2 ? 4 : 8)}`], fields: new Map() }
  const words = [name, `${b[0]}`]
  for (let n = readU16(b, 6), at = 8; n > 0; n--) {
    if (readU32(b, at) >>> 16 === 0) throw new Error('a record without a kind')
    words.push(`${b[at]}:${address(at + 4)}`)
    at += 4 + size + readU16(b, at + 2) * size
  }
  return { words, fields: new Map() }
}
