import { expect } from 'vitest'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { checksumOf, isIntact, pseudoHeaderSum, sum } from '../../../src/tcpip/checksum.ts'
import type { StackOutput, TcpOptions } from '../../../src/tcpip/stack-io.ts'
import { createTcp, tcpEnv } from '../../../src/tcpip/tcp/create-tcp.ts'
import type { TcpInfo } from '../../../src/tcpip/tcp/inspect.ts'
import type { ReceivePool } from '../../../src/tcpip/tcp/receive-pool.ts'
import { readSegment, segment } from '../../../src/tcpip/tcp/segment.ts'
import type { TcpDeps } from '../../../src/tcpip/tcp/tcp.ts'
import { fakeIp, ip } from './wire.ts'

/**
 * A play with two parts: the TCP under test, and a peer whose lines are written by hand. Segments are text:
 *
 *     'SA 0 ack=1 win=65535 mss=1460 ws=7 sackok ts=100/0 sack=3-5,8-9'      flags, seq+length, then what matters
 *
 * Sequence numbers are relative to the side's first one, SACK edges to those of the side that sent the data. Flags are
 * letters of `FSRPAU`; `P` is ignored when comparing. `sees` compares what it names, nothing else.
 */
export interface Script {
  readonly now: () => number
  /** The peer sends. */
  readonly peer: (...lines: readonly string[]) => void
  /** The next segments of the stack, in order and no more than these. */
  readonly sees: (...lines: readonly string[]) => void
  readonly silent: () => void
  /** Lets time pass. */
  readonly wait: (ms: number) => void
  /** Takes what the stack sent so far, as text. */
  readonly sent: () => readonly Spoken[]
  readonly listen: (options?: TcpOptions, backlog?: number) => void
  readonly connect: (options?: TcpOptions, deadline?: number) => void
  readonly write: (bytes: number) => void
  readonly consume: (bytes: number) => void
  readonly call: (name: 'shutdown' | 'close' | 'abort') => void
  /** The owner of the listener takes a connection. */
  readonly accept: () => void
  readonly configure: (options: TcpOptions) => void
  /** The next outputs for the program, `Wrote` and `Drop` left out. */
  readonly hears: (...lines: readonly string[]) => void
  /** Everything the program was told since the last look. */
  readonly heard: () => readonly string[]
  readonly drops: () => readonly string[]
  readonly icmp: (seq: number, code: 'ECONNREFUSED' | 'EHOSTUNREACH', hard: boolean) => void
  /** The path gets narrower, and says so about the segment at `seq`. */
  readonly tooBig: (mtu: number, seq: number) => void
  /** A clean slate: handshake done from the peer's side, nothing pending. */
  readonly established: (options?: TcpOptions, syn?: string, rtt?: number) => void
  readonly info: () => TcpInfo | undefined
  /** How often IP was asked whether the neighbour is still there. */
  readonly doubts: () => number
  readonly deadline: () => number
  readonly segmentBytes: (line: string) => Uint8Array
  readonly raw: (bytes: Uint8Array) => void
  port: number
}

export interface Spoken {
  readonly text: string
  readonly at: number
  readonly flags: string
  readonly seq: number
  readonly length: number
  readonly fields: ReadonlyMap<string, string>
}

export const script = (family: 4 | 6 = 4, start = 1_700_000_000_000, pool?: ReceivePool): Script => {
  const own = ip(family === 4 ? '10.0.0.1' : 'fd00::1')
  const other = ip(family === 4 ? '10.0.0.2' : 'fd00::2')
  let now = start
  let mtu = 2800
  let ours: number | undefined
  let sent: Spoken[] = []
  let told: string[] = []
  let drops: string[] = []
  let local = 80
  const read = segment()
  let doubts = 0
  const path = fakeIp(
    own,
    () => mtu,
    (_remote, bytes) => sent.push(describe(bytes)),
  )
  const deps: TcpDeps = {
    ip: { ...path, doubt: () => doubts++ },
    random: seededRandom(7),
    trustLink: false,
    out: (o) => (o._tag === 'Drop' ? drops.push(o.reason) : o._tag === 'Wrote' ? 0 : told.push(say(o))),
  }
  const env = tcpEnv(deps)
  const tcp = createTcp(deps, pool === undefined ? env : { ...env, receivePool: pool })
  /** What is due now happens now. */
  const endTurn = (): void => {
    while (tcp.deadline() <= now) tcp.tick(now)
  }
  const settle = (): void => {
    for (; tcp.deadline() <= now; ) tcp.tick(now)
    tcp.flush(now)
  }

  const describe = (bytes: Uint8Array): Spoken => {
    expect(readSegment(read, bytes)).toBe(true)
    expect(isIntact(pseudoHeaderSum(own.bytes, other.bytes, 6, bytes.length) + sum(bytes))).toBe(true)
    local = read.sourcePort
    const flags = letters(read.flags)
    if (flags.includes('S')) ours ??= read.seq
    const fields = new Map<string, string>()
    if (flags.includes('A')) fields.set('ack', `${(read.ack - PEER_ISN) | 0}`)
    fields.set('win', `${read.window}`)
    if (read.mss > 0) fields.set('mss', `${read.mss}`)
    if (read.sackPermitted) fields.set('sackok', '')
    if (read.timestamps) {
      fields.set('ts', `${read.tsEcho}`)
      fields.set('tsval', `${read.tsValue}`)
    }
    if (read.scale >= 0) fields.set('ws', `${read.scale}`)
    const blocks: string[] = []
    for (let b = 0; b < read.blocks; b++)
      blocks.push(`${(read.edges[2 * b]! - PEER_ISN) | 0}-${(read.edges[2 * b + 1]! - PEER_ISN) | 0}`)
    if (blocks.length > 0) fields.set('sack', blocks.join())
    const seq = (read.seq - (ours ?? read.seq)) | 0
    const options = [...fields].map(([k, v]) => (v === '' ? k : `${k}=${v}`)).join(' ')
    return { text: `${flags} ${seq}+${read.length} ${options}`, at: now, flags, seq, length: read.length, fields }
  }

  const compose = (line: string): Uint8Array => {
    const { flags, seq, length, fields } = parse(line)
    const options: number[] = []
    const get = (name: string): string | undefined => fields.get(name)
    if (get('mss') !== undefined) options.push(2, 4, ...u16(Number(get('mss'))))
    if (get('ws') !== undefined) options.push(3, 3, Number(get('ws')), 1)
    if (get('sackok') !== undefined) options.push(4, 2, 1, 1)
    const ts = get('ts')
    if (ts !== undefined) {
      const [value, echo] = ts.split('/')
      options.push(1, 1, 8, 10, ...u32(Number(value)), ...u32(Number(echo ?? 0)))
    }
    const blocks = get('sack')?.split(',') ?? []
    if (blocks.length > 0) {
      options.push(1, 1, 5, 2 + 8 * blocks.length)
      for (const edge of blocks.flatMap((b) => b.split('-'))) options.push(...u32(Number(edge) + (ours ?? 0)))
    }
    for (const byte of get('options')?.split('.') ?? []) options.push(Number(byte))
    while (options.length % 4 !== 0) options.push(0)
    const bytes = new Uint8Array(20 + options.length + length)
    const port = get('port') === undefined ? self.port : Number(get('port'))
    bytes.set([...u16(port), ...u16(local), ...u32(seq + PEER_ISN)], 0)
    const ack = get('ack')
    bytes.set(u32(ack === undefined ? 0 : Number(ack) + (ours ?? 0)), 8)
    bytes[12] = ((20 + options.length) / 4) << 4
    bytes[13] = [...flags].reduce((f, letter) => f | (1 << FLAGS.indexOf(letter)), 0)
    bytes.set(u16(Number(get('win') ?? 65_535)), 14)
    bytes.set(options, 20)
    for (let i = 0; i < length; i++) bytes[20 + options.length + i] = (seq + i) & 0xff
    bytes.set(u16(checksumOf(pseudoHeaderSum(other.bytes, own.bytes, 6, bytes.length) + sum(bytes))), 16)
    return bytes
  }

  const self: Script = {
    port: 5000,
    now: () => now - start,
    peer: (...lines) => {
      for (const line of lines) tcp.input(own, other, compose(line), now)
      tcp.flush(now)
    },
    sees: (...lines) => {
      endTurn()
      const found = sent
      sent = []
      expect(found.map((s, i) => (i < lines.length ? matching(s, lines[i]!) : s.text))).toEqual(lines)
    },
    silent: () => self.sees(),
    wait: (ms) => {
      const until = now + ms
      for (;;) {
        const at = tcp.deadline()
        if (at > until) break
        now = Math.max(now, at)
        settle()
      }
      now = until
    },
    sent: () => {
      endTurn()
      const all = sent
      sent = []
      return all
    },
    listen: (options = {}, backlog = 511) => {
      let id = 1
      tcp.call({ call: 'listen', id: 1000, port: 80, backlog, options, nextId: () => id++ }, now)
      told = told.filter((t) => !t.startsWith('Opened'))
    },
    connect: (options = {}, deadline = Infinity) => {
      self.port = 80
      const remote = { address: other.text, port: 80 }
      tcp.call({ call: 'connect', id: 1, remote, options, deadline: now + deadline }, now)
      tcp.flush(now)
    },
    write: (bytes) => {
      tcp.call({ call: 'write', id: 1, data: new Uint8Array(bytes).fill(1) }, now)
      tcp.flush(now)
    },
    consume: (bytes) => {
      tcp.call({ call: 'consume', id: 1, bytes }, now)
      tcp.flush(now)
    },
    call: (name) => {
      tcp.call({ call: name, id: 1 }, now)
      tcp.flush(now)
    },
    accept: () => tcp.call({ call: 'accept', id: 1000 }, now),
    configure: (options) => {
      tcp.call({ call: 'configure', id: 1, options }, now)
      tcp.flush(now)
    },
    hears: (...lines) => {
      const found = told
      told = []
      expect(found).toEqual(lines)
    },
    heard: () => {
      const all = told
      told = []
      return all
    },
    drops: () => {
      const all = drops
      drops = []
      return all
    },
    icmp: (seq, code, hard) => {
      tcp.icmpError(own, other, quoted(seq), { code, hard }, now)
      tcp.flush(now)
    },
    tooBig: (size, seq) => {
      mtu = size
      tcp.icmpError(own, other, quoted(seq), { code: 'EMSGSIZE', hard: false, mtu: size }, now)
      tcp.flush(now)
    },
    established: (options, syn = 'S 0 mss=1000 sackok ws=7', rtt = 0) => {
      self.listen(options)
      self.peer(syn)
      self.wait(rtt)
      const stamp = /ts=\d+/.exec(syn)?.[0] ?? ''
      self.peer(`A 1 ack=1 win=${syn.includes('ws=') ? 512 : 65_535} ${stamp}`.trim())
      sent = []
      told = []
      drops = []
    },
    doubts: () => doubts,
    info: () => tcp.inspect(1),
    deadline: tcp.deadline,
    segmentBytes: compose,
    raw: (bytes) => {
      tcp.input(own, other, bytes, now)
      tcp.flush(now)
    },
  }
  const quoted = (seq: number): Uint8Array =>
    new Uint8Array([...u16(local), ...u16(self.port), ...u32(seq + (ours ?? 0)), ...u32(0)])
  return self
}

/** What `spoken` says of all that `line` names: equal to `line` if it fits. */
const matching = (spoken: Spoken, line: string): string => {
  const wanted = parse(line)
  const sameFlags = wanted.flags.replace('P', '') === spoken.flags.replace('P', '')
  const same =
    sameFlags &&
    wanted.seq === spoken.seq &&
    wanted.length === spoken.length &&
    [...wanted.fields].every(([k, v]) => (v === 'none' ? !spoken.fields.has(k) : spoken.fields.get(k) === v))
  return same ? line : spoken.text
}

const parse = (line: string): Omit<Spoken, 'text' | 'at'> => {
  const [flags, place, ...rest] = line.split(' ')
  const [seq, length] = place!.split('+')
  const fields = new Map(rest.map((r) => [r.split('=')[0]!, r.split('=')[1] ?? ''] as const))
  return { flags: flags === '-' ? '' : flags!, seq: Number(seq), length: Number(length ?? 0), fields }
}

const say = (o: StackOutput): string => {
  switch (o._tag) {
    case 'Data':
      return `Data ${o.data.length}`
    case 'State':
      return o.state
    case 'Failed':
    case 'SoftError':
      return `${o._tag} ${o.code}`
    case 'Accepted':
      return 'Accepted'
    default:
      return o._tag
  }
}

const letters = (flags: number): string => [...FLAGS].filter((_, i) => (flags & (1 << i)) !== 0).join('')
const u16 = (n: number): readonly number[] => [(n >>> 8) & 0xff, n & 0xff]
const u32 = (n: number): readonly number[] => [(n >>> 24) & 0xff, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff]
const FLAGS = 'FSRPAU'
const PEER_ISN = 4_294_960_000 | 0
