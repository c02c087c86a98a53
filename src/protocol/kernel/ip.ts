/**
 * IP addresses as text and bytes: dotted quads, and RFC 4291 in, RFC 5952 out. No scope identifiers.
 *
 * Text in canonical form is the key under which an address is known everywhere above the packet headers.
 */
export type IpAddress = string

export const isIpv6 = (text: IpAddress): boolean => text.includes(':')

/** 4 or 16 bytes, or `undefined` if `text` is no address. */
export const parseIp = (text: string): Uint8Array | undefined => (isIpv6(text) ? parseIpv6(text) : parseIpv4(text))

/** The canonical text of 4 or 16 bytes. */
export const printIp = (b: Uint8Array): IpAddress => (b.length === 4 ? `${b[0]}.${b[1]}.${b[2]}.${b[3]}` : printIpv6(b))

/** The canonical form of an address, or `undefined` if it is none: what makes two spellings one key. */
export const canonicalIp = (text: string): IpAddress | undefined => {
  const b = parseIp(text)
  return b === undefined ? undefined : printIp(b)
}

/** Whether the first `bits` bits of both are equal; families must match. */
export const samePrefix = (a: Uint8Array, b: Uint8Array, bits: number): boolean => {
  if (a.length !== b.length) return false
  const whole = bits >>> 3
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false
  const left = bits & 7
  return left === 0 || ((a[whole]! ^ b[whole]!) & (0xff << (8 - left)) & 0xff) === 0
}

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const out = new Uint8Array(4)
  for (let i = 0; i < 4; i++) {
    const part = parts[i]!
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    out[i] = Number(part)
  }
  return out
}

const parseIpv6 = (text: string): Uint8Array | undefined => {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!)
  const tail = halves.length === 2 ? groups(halves[1]!) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const out = new Uint8Array(16)
  ;[...head, ...new Array<number>(halves.length === 2 ? missing : 0).fill(0), ...tail].forEach((group, i) => {
    out[2 * i] = group >>> 8
    out[2 * i + 1] = group
  })
  return out
}

/** The 16-bit groups of one side of `::`; a dotted quad at its end counts as two. */
const groups = (side: string): readonly number[] | undefined => {
  if (side === '') return []
  const out: number[] = []
  const parts = side.split(':')
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (part.includes('.')) {
      const quad = i === parts.length - 1 ? parseIpv4(part) : undefined
      if (quad === undefined) return undefined
      out.push((quad[0]! << 8) | quad[1]!, (quad[2]! << 8) | quad[3]!)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) out.push(Number.parseInt(part, 16))
    else return undefined
  }
  return out
}

const printIpv6 = (b: Uint8Array): IpAddress => {
  const g: number[] = []
  for (let i = 0; i < 16; i += 2) g.push((b[i]! << 8) | b[i + 1]!)
  if (g.slice(0, 5).every((x) => x === 0) && g[5] === 0xffff) return `::ffff:${printIp(b.subarray(12))}`
  // RFC 5952 §4.2: the longest run of two or more zero groups is shortened, the first of equals
  let best = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && g[i + n] === 0) n++
    if (n > length) {
      best = i
      length = n
    }
    if (n > 0) i += n
  }
  const hex = (from: number, to: number): string =>
    g
      .slice(from, to)
      .map((x) => x.toString(16))
      .join(':')
  return best < 0 ? hex(0, 8) : `${hex(0, best)}::${hex(best + length, 8)}`
}
