import { readU16, readU32, writeU16 } from '../../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { mac, printMac } from '../../../src/protocol/kernel/id.ts'
import { isIpv6, printIp } from '../../../src/protocol/kernel/ip.ts'
import { BROADCAST_MAC, groupMac, ipFrom } from '../../../src/tcpip/address.ts'
import { checksumOf, isIntact, pseudoHeaderSum, sum } from '../../../src/tcpip/checksum.ts'
import { bytes, concat, fragmentHeader, frame4, frame6, ipv4, ipv6 } from '../craft.ts'
import { MACS, type World } from './world.ts'

/**
 * Everything below and beside TCP as text: frames that the stack sent are taken apart, and `<` lines become frames.
 * What is checked of every frame, whatever a script says: lengths, and each checksum there is.
 */
export interface PacketText {
  readonly protocol: number
  readonly source: string
  readonly destination: string
  readonly fields: Map<string, string>
  readonly payload: Uint8Array
}

/** The IP layer of a frame. Fragments have protocol −1. */
export const readIp = (frame: Frame): PacketText => {
  const p = frame.payload
  const fields = new Map<string, string>([['to', macName(frame.to)]])
  if (frame.etherType === 0x0800) {
    const ihl = (p[0]! & 15) * 4
    if (!isIntact(sum(p.subarray(0, ihl)))) throw new Error('the header checksum is wrong')
    if (readU16(p, 2) !== p.length) throw new Error('the total length is wrong')
    const flags = readU16(p, 6)
    fields
      .set('ttl', `${p[8]}`)
      .set('tos', `${p[1]}`)
      .set('df', flags & 0x4000 ? '1' : '0')
    fields.set('ipid', `${readU16(p, 4)}`)
    if (ihl > 20) fields.set('ipoptions', hex(p.subarray(20, ihl)))
    return packet(p[9]!, p.subarray(12, 16), p.subarray(16, 20), fields, p.subarray(ihl), flags & 0x3fff)
  }
  if (readU16(p, 4) !== p.length - 40) throw new Error('the payload length is wrong')
  fields.set('ttl', `${p[7]}`).set('tos', `${(readU16(p, 0) >>> 4) & 0xff}`)
  fields.set('flow', `${readU32(p, 0) & 0xfffff}`)
  let next = p[6]!
  let at = 40
  let fragment = 0
  for (; next === 0 || next === 60 || next === 44; ) {
    if (next === 44) {
      const place = readU16(p, at + 2)
      fragment = (place >>> 3) | (place & 1 ? 0x2000 : 0)
      fields.set('ipid', `${readU32(p, at + 4)}`)
    } else fields.set('ext', hex(p.subarray(at, at + 8 * (p[at + 1]! + 1))))
    const size = next === 44 ? 8 : 8 * (p[at + 1]! + 1)
    next = p[at]!
    at += size
  }
  return packet(next, p.subarray(8, 24), p.subarray(24, 40), fields, p.subarray(at), fragment)
}

const packet = (
  protocol: number,
  from: Uint8Array,
  to: Uint8Array,
  fields: Map<string, string>,
  payload: Uint8Array,
  fragment: number,
): PacketText => {
  const [source, destination] = [printIp(from), printIp(to)]
  fields.set('src', source).set('dst', destination).set('size', `${payload.length}`)
  if (fragment === 0) {
    const pseudo = protocol === 1 || protocol === 2 ? 0 : pseudoHeaderSum(from, to, protocol, payload.length)
    const isChecked = [1, 2, 6, 58].includes(protocol) || (protocol === 17 && readU16(payload, 6) !== 0)
    if (isChecked && !isIntact(pseudo + sum(payload))) throw new Error('a checksum is wrong')
    return { protocol, source, destination, fields, payload }
  }
  fields.set('offset', `${(fragment & 0x1fff) * 8}`).set('more', fragment & 0x2000 ? '1' : '0')
  return { protocol: -1, source, destination, fields, payload }
}

const macName = (to: Frame['to']): string =>
  to === BROADCAST_MAC ? 'broadcast' : to === MACS.peer ? 'peer' : to === MACS.other ? 'other' : printMac(to)
const macOf = (name: string): Frame['to'] =>
  name === 'broadcast'
    ? BROADCAST_MAC
    : name in MACS
      ? MACS[name as keyof typeof MACS]
      : name.includes('.') || name.includes('::')
        ? groupMac(ipFrom(name))
        : mac(Number.parseInt(name.replaceAll(':', ''), 16))

const NO_OPTIONS = new Uint8Array(0)
const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex')
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** Puts a transport payload into a frame, as the fields of the line want it. */
export const wrap = (
  world: World,
  protocol: number,
  payload: Uint8Array,
  fields: ReadonlyMap<string, string>,
): Frame => {
  const get = (name: string): string | undefined => fields.get(name)
  const number = (name: string): number | undefined => (fields.has(name) ? Number(fields.get(name)) : undefined)
  const from = get('src') ?? world.peer
  const to = get('dst') ?? world.own
  let p: Uint8Array
  if (!isIpv6(to)) {
    const options = fields.has('ipoptions') ? unhex(get('ipoptions')!) : NO_OPTIONS
    const [ttl, tos, id, offset] = [number('ttl') ?? 64, number('tos') ?? 0, number('ipid') ?? 0, number('offset') ?? 0]
    const [more, df] = [get('more') === '1', get('df') === '1']
    const total = number('total') ?? 20 + options.length + payload.length
    p = ipv4({ from, to, protocol, payload, options, ttl, tos, id, offset, more, df, total })
    const ihl = number('ihl')
    if (ihl !== undefined) p[0] = 0x40 | ihl
    if (get('version') !== undefined) p[0] = (number('version')! << 4) | (p[0]! & 15)
    if (get('ipsum') === 'bad') p[10]! ^= 0x55
  } else {
    let next = protocol
    let inner = payload
    if (fields.has('offset')) {
      inner = concat(fragmentHeader(next, number('offset')!, get('more') === '1', number('ipid') ?? 1), inner)
      next = 44
    }
    for (const part of (get('ext') ?? '')
      .split(',')
      .filter((text) => text !== '')
      .reverse()) {
      const [type, content = ''] = part.split(':')
      const body = unhex(content)
      const header = new Uint8Array(Math.ceil((body.length + 2) / 8) * 8)
      header[0] = next
      header[1] = header.length / 8 - 1
      header.set(body, 2)
      inner = concat(header, inner)
      next = Number(type)
    }
    const [hopLimit, trafficClass] = [number('ttl') ?? 64, number('tos') ?? 0]
    p = ipv6({ from, to, next, payload: inner, hopLimit, trafficClass, length: number('total') ?? inner.length })
  }
  if (fields.has('pad')) p = concat(p, new Uint8Array(number('pad')!).fill(0xaa))
  if (fields.has('cut')) p = p.subarray(0, p.length - number('cut')!)
  const ethTo = macOf(get('ethto') ?? 'own')
  const ethFrom = macOf(get('ethfrom') ?? 'peer')
  return !isIpv6(to) ? frame4(ethTo, p, ethFrom) : frame6(ethTo, p, ethFrom)
}

/** ARP as `who-has TARGET tell SENDER` or `SENDER is-at MAC`. */
export const readArp = (frame: Frame): { readonly words: readonly string[]; readonly fields: Map<string, string> } => {
  const b = frame.payload
  const [sender, target] = [printIp(b.subarray(14, 18)), printIp(b.subarray(24, 28))]
  const words = readU16(b, 6) === 1 ? ['who-has', target, 'tell', sender] : ['is-at', sender, 'to', target]
  return { words, fields: new Map([['to', macName(frame.to)]]) }
}
/** `< arp who-has T tell S` or `< arp is-at S to T`; `from` is the MAC inside, `ethfrom` the one on the frame. */
export const writeArp = (world: World, words: readonly string[], fields: ReadonlyMap<string, string>): Frame => {
  const isRequest = words[0] === 'who-has'
  const [target, sender] = isRequest ? [words[1]!, words[3]!] : [words[3] ?? world.own, words[1]!]
  const from = macOf(fields.get('from') ?? 'peer')
  const b = new Uint8Array(28 + Number(fields.get('pad') ?? 0))
  writeU16(b, 0, Number(fields.get('htype') ?? 1))
  writeU16(b, 2, 0x0800)
  b[4] = Number(fields.get('hlen') ?? 6)
  b[5] = 4
  b[7] = isRequest ? 1 : 2
  b.set(macBytes(from), 8)
  b.set(bytes(sender), 14)
  if (!isRequest) b.set(macBytes(MACS.own), 18)
  b.set(bytes(target), 24)
  const to = macOf(fields.get('ethto') ?? (isRequest ? 'broadcast' : 'own'))
  return { to, from: fields.has('ethfrom') ? macOf(fields.get('ethfrom')!) : from, etherType: 0x0806, payload: b }
}
export const macBytes = (of: Frame['to']): Uint8Array => unhex(of.toString(16).padStart(12, '0'))

/** Neighbour discovery as `ns TARGET` and `na TARGET`, `flags` of R, S and O, `lla` the link address it carries. */
export const readNd = (b: Uint8Array): { readonly words: readonly string[]; readonly fields: Map<string, string> } => {
  const fields = new Map<string, string>()
  if (b[0] === 133) return { words: ['rs'], fields }
  const bits = readU32(b, 4) >>> 29
  if (b[0] === 136) fields.set('flags', `${bits & 4 ? 'R' : ''}${bits & 2 ? 'S' : ''}${bits & 1 ? 'O' : ''}`)
  if (b.length >= 32) fields.set('lla', macName(mac(Number.parseInt(hex(b.subarray(26, 32)), 16))))
  return { words: [b[0] === 135 ? 'ns' : 'na', printIp(b.subarray(8, 24))], fields }
}
export const writeNd = (world: World, words: readonly string[], fields: ReadonlyMap<string, string>): Frame => {
  const isAsking = words[0] === 'ns'
  const target = words[1]!
  const option = fields.get('lla') ?? (fields.get('src') === '::' ? 'none' : isAsking ? 'peer' : 'peer')
  const body = new Uint8Array(option === 'none' ? 24 : 32)
  body[0] = isAsking ? 135 : 136
  const flags = fields.get('flags') ?? (isAsking ? '' : 'SO')
  body[4] = (flags.includes('R') ? 0x80 : 0) | (flags.includes('S') ? 0x40 : 0) | (flags.includes('O') ? 0x20 : 0)
  body.set(bytes(target), 8)
  if (option !== 'none') {
    body[24] = isAsking ? 1 : 2
    body[25] = Number(fields.get('optionlength') ?? 1)
    body.set(macBytes(macOf(option)), 26)
  }
  const src = fields.get('src') ?? world.peer
  const dst = fields.get('dst') ?? world.own
  writeU16(body, 2, checksumOf(pseudoHeaderSum(bytes(src), bytes(dst), 58, body.length) + sum(body)))
  return wrap(world, 58, body, new Map([['ttl', '255'], ...fields, ['src', src], ['dst', dst]]))
}
