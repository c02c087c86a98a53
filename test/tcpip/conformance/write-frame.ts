import { writeU16, writeU32 } from '../../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../../../src/tcpip/checksum.ts'
import { bytes, concat, icmp, ipv4, ipv6, udp } from '../craft.ts'
import { stream } from './flow.ts'
import { writeAnswer } from './name-client.ts'
import { unhex, wrap, writeArp, writeNd } from './packet-text.ts'
import type { Statement } from './script.ts'
import { writeTcp } from './tcp-text.ts'
import type { Stage } from './verbs.ts'

/** The frame of a `<` line. The first word says what it is; flags alone mean TCP. */
export const writeFrame = (stage: Stage, line: Statement, nth = 0): Frame => {
  const { world } = stage
  const { words, fields } = line
  const kind = words[0]!
  switch (kind) {
    case 'arp':
      return writeArp(world, words.slice(1), fields)
    case 'nd':
      return writeNd(world, words.slice(1), fields)
    case 'frag': {
      const offset = Number(fields.get('offset'))
      const length = Number(fields.get('len'))
      const piece = new Uint8Array(length)
      piece.set(stage.datagram!.bytes.subarray(offset, offset + length))
      const twist = Number(fields.get('twist') ?? 0)
      for (let i = 0; i < piece.length; i++) piece[i]! ^= twist
      return wrap(world, Number(fields.get('protocol') ?? stage.datagram!.protocol), piece, fields)
    }
    default: {
      const made = writePayload(stage, line, nth)
      return wrap(world, made.protocol, made.bytes, fields)
    }
  }
}

/** What an IP packet carries, as a `<` or `datagram` line says it. */
export const writePayload = (
  stage: Stage,
  line: Statement,
  nth = 0,
): { readonly protocol: number; readonly bytes: Uint8Array } => {
  const { world } = stage
  const { words, fields } = line
  const number = (name: string, otherwise: number): number => Number(fields.get(name) ?? otherwise)
  const src = fields.get('src') ?? world.peer
  const dst = fields.get('dst') ?? world.own
  switch (words[0]) {
    case 'udp': {
      const [from, to] = words[1]!.split('>').map(Number)
      const data = fields.has('data') ? unhex(fields.get('data')!) : stream(0, number('len', 0))
      const length = fields.has('udplen') ? { length: number('udplen', 0) } : {}
      const made = udp(src, from!, dst, to!, data, length)
      if (fields.get('csum') === 'bad') made[6]! ^= 0x11
      if (fields.get('csum') === 'none') made.fill(0, 6, 8)
      return { protocol: 17, bytes: concat(made, new Uint8Array(number('tail', 0))) }
    }
    case 'dns': {
      // by whom the last question of this kind was sent, and with which number
      const asked = stage.asked.get(words[1]!)!
      const message = writeAnswer(line, asked.id)
      return { protocol: 17, bytes: udp(src, number('from', 53), dst, number('port', asked.port), message) }
    }
    case 'icmp': {
      const [type, code] = words[1]!.split('/').map(Number)
      const data = fields.has('quote') ? quote(stage, line) : stream(0, number('len', 0))
      const made = icmp(type!, code!, number('rest', 0), data, world.family === 6 ? [src, dst] : undefined)
      if (fields.get('csum') === 'bad') made[3]! ^= 0x11
      return { protocol: world.family === 4 ? 1 : 58, bytes: made }
    }
    case 'igmp':
      return { protocol: 2, bytes: withChecksum(unhex(words[1]!), 0) }
    case 'mld': {
      const body = unhex(words[1]!)
      return { protocol: 58, bytes: withChecksum(body, pseudoHeaderSum(bytes(src), bytes(dst), 58, body.length)) }
    }
    case 'ip':
      return { protocol: Number(words[1]), bytes: stream(0, number('len', 0)) }
    default: {
      const flow = stage.flowOf(line.label)
      const port = flow.peerPort
      const data = words[2] === 'answers' ? answerOver(stage, line) : undefined
      return { protocol: 6, bytes: writeTcp(flow, line, nth, world.now(), bytes(dst), bytes(src), port, data) }
    }
  }
}

/** `A 1 answers TYPE NAME ADDRESS…`: what a name server says over TCP, behind its length; `part=0-1` of it alone. */
const answerOver = (stage: Stage, line: Statement): Uint8Array => {
  const words = line.words.slice(2)
  const message = writeAnswer({ ...line, words }, stage.asked.get(words[1]!)!.id)
  const [from, to] = (line.fields.get('part') ?? '0').split('-')
  return concat(Uint8Array.of(message.length >>> 8, message.length & 0xff), message).slice(
    Number(from),
    to ? Number(to) : undefined,
  )
}

const withChecksum = (b: Uint8Array, pseudo: number): Uint8Array => {
  writeU16(b, 2, checksumOf(pseudo + sum(b)))
  return b
}

/** The packet of ours that an ICMP error is about: `quote=SEQ` of the flow, or `quote=udp:OURS>THEIRS`. */
const quote = (stage: Stage, line: Statement): Uint8Array => {
  const { world } = stage
  const about = line.fields.get('quote')!
  const to = line.fields.get('about') ?? world.peer
  const inner = new Uint8Array(8)
  const isUdp = about.startsWith('udp:')
  if (isUdp) {
    const [ours, theirs] = about.slice(4).split('>').map(Number)
    writeU16(inner, 0, ours!)
    writeU16(inner, 2, theirs!)
    writeU16(inner, 4, 8)
  } else {
    const flow = stage.flowOf(line.label)
    writeU16(inner, 0, flow.localPort ?? 80)
    writeU16(inner, 2, flow.peerPort)
    writeU32(inner, 4, (Number(about) + (flow.ours ?? 0)) >>> 0)
  }
  const protocol = isUdp ? 17 : 6
  return world.family === 4
    ? ipv4({ from: world.own, to, protocol, payload: inner })
    : ipv6({ from: world.own, to, next: protocol, payload: concat(inner) })
}
