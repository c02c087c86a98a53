import { writeU16, writeU32 } from '../../../src/protocol/kernel/codec.ts'
import { checksumOf, pseudoHeaderSum, sum } from '../../../src/tcpip/checksum.ts'
import { readSegment, segment } from '../../../src/tcpip/tcp/segment.ts'
import { byteAt, type Flow } from './flow.ts'
import { readQuery } from './name-client.ts'
import type { Statement } from './script.ts'

/**
 * TCP segments as text: `SA 0 ack=1 win=65535 mss=1460 ws=7 sackok ts=100/0 sack=3-5,8-9`. Flags, first byte and
 * length, then what matters. Numbers are relative to the first sequence number of who sent the bytes; timestamps of the
 * stack are ms since the case began.
 */
export interface SegmentText {
  readonly flags: string
  readonly seq: number
  readonly length: number
}

/** Reads what the stack sent into `fields`; the flow learns what it says. `undefined`: no segment. */
export const readTcp = (
  flow: Flow,
  bytes: Uint8Array,
  ms: number,
  fields: Map<string, string>,
): SegmentText | undefined => {
  const read = segment()
  if (!readSegment(read, bytes)) return undefined
  const flags = LETTERS[read.flags]!
  if (flags.includes('S')) {
    flow.ours ??= read.seq
    flow.lastSyn = read.seq
  }
  flow.ours ??= flags.includes('R') ? 0 : undefined
  if (flags.includes('A')) fields.set('ack', `${(read.ack - flow.theirs) | 0}`)
  fields.set('win', `${read.window}`)
  if (flags.includes('P')) fields.set('push', '')
  if (read.mss > 0) fields.set('mss', `${read.mss}`)
  if (read.sackPermitted) fields.set('sackok', '')
  if (read.scale >= 0) fields.set('ws', `${read.scale}`)
  if (read.timestamps) {
    flow.tsBase ??= (read.tsValue - ms) | 0
    flow.tsSeen = (read.tsValue - flow.tsBase) | 0
    fields.set('ts', `${flow.tsSeen}/${read.tsEcho >>> 0}`)
  }
  const blocks = Array.from({ length: read.blocks }, (_, b) =>
    [read.edges[2 * b]!, read.edges[2 * b + 1]!].map((edge) => (edge - flow.theirs) | 0).join('-'),
  )
  if (blocks.length > 0) fields.set('sack', blocks.join())
  fields.set('header', `${read.data}`)
  const seq = (read.seq - (flow.ours ?? read.seq)) | 0
  fields.set('seq', `${seq}`)
  if (read.destinationPort === DNS && read.length > 2) {
    const { id, type, name } = readQuery(bytes.subarray(read.data + 2))
    fields.set('asks', `${type}/${name}`).set('id', `${id}`)
  } else
    for (let i = 0; i < read.length; i++) {
      if (bytes[read.data + i] !== byteAt(seq - 1 + i)) throw new Error(`byte ${seq + i} of the stream is another`)
    }
  const end = seq + read.length + (flags.includes('F') || flags.includes('S') ? 1 : 0)
  if (!flags.includes('R')) flow.next = Math.max(flow.next, end)
  return { flags: flags.replace('P', ''), seq, length: read.length }
}

/** The segment that a `<` line describes, `ms` after the case began. */
export const writeTcp = (
  flow: Flow,
  line: Statement,
  nth: number,
  ms: number,
  own: Uint8Array,
  peer: Uint8Array,
  peerPort: number,
  /** What the segment carries, where it is not a piece of the stream. */
  data?: Uint8Array,
): Uint8Array => {
  const [flags = '', place = '0'] = line.words
  const [from, size] = place.split('+')
  const length = data?.length ?? Number(size ?? 0)
  const seq = Number(from) + nth * length
  const field = (name: string): string | undefined => line.fields.get(name)
  const has = (name: string): boolean => line.words.includes(name) || line.fields.has(name)
  const options: number[] = []
  if (has('mss')) options.push(2, 4, ...u16(Number(field('mss'))))
  if (has('ws')) options.push(3, 3, Number(field('ws')), 1)
  if (has('sackok')) options.push(4, 2, 1, 1)
  if (flags.includes('S')) flow.tsOn = has('ts') && field('ts') !== 'none'
  if (flow.tsOn && !flags.includes('R') && field('ts') !== 'none') {
    const [value, echo] = (field('ts') ?? '').split('/')
    const answers = flow.tsBase === undefined ? 0 : (Number(echo ?? flow.tsSeen) + flow.tsBase) | 0
    options.push(1, 1, 8, 10, ...u32(Number(value === '' ? PEER_CLOCK + Math.floor(ms) : value)), ...u32(answers))
  }
  const blocks = field('sack')?.split(',') ?? []
  if (blocks.length > 0) {
    options.push(1, 1, 5, 2 + 8 * blocks.length)
    for (const edge of blocks.flatMap((b) => b.split('-'))) options.push(...u32(Number(edge) + (flow.ours ?? 0)))
  }
  for (const byte of field('options')?.split('.') ?? []) options.push(Number(byte))
  while (options.length % 4 !== 0) options.push(0)
  const b = new Uint8Array(20 + options.length + length)
  writeU16(b, 0, peerPort)
  writeU16(b, 2, Number(field('port') ?? flow.localPort ?? 80))
  writeU32(b, 4, seq + flow.theirs)
  writeU32(b, 8, flags.includes('A') ? Number(field('ack') ?? flow.next) + (flow.ours ?? 0) : 0)
  b[12] = (Number(field('doff') ?? (20 + options.length) / 4) << 4) & 0xff
  if (flags !== '-') for (const letter of flags) b[13]! |= 1 << FLAGS.indexOf(letter)
  writeU16(b, 14, Number(field('win') ?? 65_535))
  if (flags.includes('U')) writeU16(b, 18, 1)
  b.set(options, 20)
  const twist = Number(field('twist') ?? 0)
  if (data !== undefined) b.set(data, 20 + options.length)
  else for (let i = 0; i < length; i++) b[20 + options.length + i] = byteAt(seq - 1 + i) ^ twist
  const right = checksumOf(pseudoHeaderSum(peer, own, 6, b.length) + sum(b))
  writeU16(b, 16, field('csum') === 'bad' ? right ^ 0x1111 : right)
  return b
}

const u16 = (n: number): readonly number[] => [(n >>> 8) & 0xff, n & 0xff]
const u32 = (n: number): readonly number[] => [(n >>> 24) & 0xff, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff]
const FLAGS = 'FSRPAU'
const DNS = 53
/** Each set of flags as letters. */
const LETTERS = Array.from({ length: 64 }, (_, flags) => [...FLAGS].filter((_, i) => flags & (1 << i)).join(''))
/** What the peer's timestamp clock showed when the case began. */
const PEER_CLOCK = 1000
