import type { Endpoint } from '../protocol/datagram.ts'
import { joined } from '../protocol/kernel/bytes.ts'
import { pcapngWriter } from '../streams/capture/pcapng.ts'
import { microsOf } from '../streams/capture/pcapng-block.ts'
import { readPcapng } from '../streams/capture/read-pcapng.ts'
import { readUdpPacket } from '../streams/capture/udp-packet.ts'
import { isRecord, refuse } from '../streams/option.ts'
import type { VirtualDatagram } from '../streams/virtual/internet.ts'
import { parseIdentity } from './identity.ts'
import type { VirtualNet, VirtualNetOptions } from './virtual-net.ts'

/**
 * What was on the wire of a virtual network, and what it takes to have it there again. Its file is a pcapng capture of
 * the datagrams, in the order in which they were sent, that Wireshark opens; the comment of its section is a line of JSON:
 *
 *     {"format":"rxzt recording 1","seed":7,"proven":["…"],"failure":"…"}
 */
export interface Recording {
  readonly seed: number
  /** As in `VirtualNetOptions`, without secrets. */
  readonly proven: readonly string[]
  /** What the scenario failed with, in words; `undefined` if it did not. */
  readonly failure: string | undefined
  readonly datagrams: readonly VirtualDatagram[]
  readonly file: Uint8Array
}

/** A scenario that was played just now. */
export interface Play extends Recording {
  /** What the scenario failed with. */
  readonly error: unknown
}

/** Something that is done in a virtual network, and what is expected of it. It must not look at a clock of its own. */
export type Scenario = (net: VirtualNet) => Promise<void>

type Make = (options: VirtualNetOptions) => VirtualNet

/** Plays a scenario in a network of its own, which ends with it, and records the wire. A failure is recorded, not thrown. */
export const recordWith =
  (make: Make) =>
  async (scenario: Scenario, options: VirtualNetOptions = {}): Promise<Play> => {
    const net = make(options)
    const { seed = 1, proven = [] } = options
    const datagrams: VirtualDatagram[] = []
    const recording = net.wire$.subscribe((datagram) => datagrams.push(datagram))
    let error: unknown
    let failure: string | undefined
    try {
      await scenario(net)
    } catch (reason) {
      error = reason
      failure = reason instanceof Error ? reason.message : String(reason)
    }
    recording.unsubscribe()
    await net[Symbol.asyncDispose]()
    const open = proven.map((text) => parseIdentity(text).public)
    return { seed, proven: open, failure, error, datagrams, file: fileOf(seed, open, failure, datagrams) }
  }

/**
 * Plays a scenario again with the seed of a recording, or of its file, from this machine or another. Resolves with what
 * became of it, a failure included.
 * @throws {Error} if anything was sent that the recording has not, or at another time: the first datagram that differs
 */
export const replayWith =
  (make: Make) =>
  async (recorded: Recording | Uint8Array, scenario: Scenario): Promise<Play> => {
    const before = recorded instanceof Uint8Array ? readRecording(recorded) : recorded
    const { seed, proven } = before
    const play = await recordWith(make)(scenario, { seed, proven })
    const difference = differenceOf(before.datagrams, play.datagrams)
    if (difference !== undefined) throw new Error(`the wire is not as recorded — ${difference}`, { cause: play.error })
    return play
  }

/**
 * Reads the file of a recording.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` if it is none
 */
export const readRecording = (file: Uint8Array): Recording => {
  const capture = file instanceof Uint8Array ? readPcapng(file) : undefined
  const head = headOf(capture?.comment)
  const datagrams = capture?.packets.map(({ at, data }) => {
    const carried = readUdpPacket(data)
    return carried === undefined ? undefined : { at, ...carried }
  })
  if (head === undefined || datagrams === undefined || !datagrams.every((one) => one !== undefined))
    return refuse('file', file, 'pass the bytes that record() gave as file')
  return { ...head, datagrams, file }
}

const fileOf = (
  seed: number,
  proven: readonly string[],
  failure: string | undefined,
  datagrams: readonly VirtualDatagram[],
): Uint8Array => {
  const head = JSON.stringify({ format: FORMAT, seed, proven, failure: failure?.slice(0, MOST_FAILURE) })
  const { header, write } = pcapngWriter({ linkType: 'udp', comment: head })
  return joined([header, ...datagrams.map(write)])
}

const headOf = (comment: string | undefined): Pick<Recording, 'seed' | 'proven' | 'failure'> | undefined => {
  try {
    const head: unknown = JSON.parse(comment ?? '')
    if (!isRecord(head) || head['format'] !== FORMAT) return undefined
    const { seed, proven, failure } = head
    if (typeof seed !== 'number' || !Number.isInteger(seed)) return undefined
    if (!Array.isArray(proven) || !proven.every((one): one is string => typeof one === 'string')) return undefined
    return { seed, proven, failure: typeof failure === 'string' ? failure : undefined }
  } catch {
    return undefined
  }
}

/** The first difference in words. */
const differenceOf = (before: readonly VirtualDatagram[], after: readonly VirtualDatagram[]): string | undefined => {
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const [was, is] = [before[i], after[i]]
    if (was !== undefined && is !== undefined && isSame(was, is)) continue
    const start = before[0]?.at ?? 0
    const where = was !== undefined && is !== undefined ? firstByte(was.data, is.data) : ''
    return `datagram ${i + 1} of ${before.length} was ${shown(was, start)}, is ${shown(is, start)}${where}`
  }
  return undefined
}

const isSame = (a: VirtualDatagram, b: VirtualDatagram): boolean =>
  microsOf(a.at) === microsOf(b.at) &&
  print(a.from) === print(b.from) &&
  print(a.to) === print(b.to) &&
  firstByte(a.data, b.data) === ''

const firstByte = (a: Uint8Array, b: Uint8Array): string => {
  for (let i = 0; i < Math.max(a.length, b.length); i++) if (a[i] !== b[i]) return `, first at byte ${i}`
  return ''
}

const shown = (datagram: VirtualDatagram | undefined, start: number): string => {
  if (datagram === undefined) return 'none'
  const { at, from, to, data } = datagram
  return `${data.length} bytes from ${print(from)} to ${print(to)} after ${((microsOf(at) - microsOf(start)) / 1000).toFixed(3)} ms`
}
const print = ({ address, port }: Endpoint): string => `${address} ${port}`

const FORMAT = 'rxzt recording 1'
/** Characters: what comes after is for who replays it. */
const MOST_FAILURE = 4096
