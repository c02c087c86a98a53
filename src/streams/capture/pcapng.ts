import { concat, defer, map, type Observable, type OperatorFunction, of } from 'rxjs'
import type { Endpoint } from '../../protocol/datagram.ts'
import { joined } from '../../protocol/kernel/bytes.ts'
import { encode } from '../../protocol/kernel/codec.ts'
import { mac, parseMac } from '../../protocol/kernel/id.ts'
import { isIpv6 } from '../../protocol/kernel/ip.ts'
import { verbName } from '../../protocol/verb/verb-code.ts'
import { ethernet } from '../../tcpip/ethernet.ts'
import { checkOptions, isRecord, type OptionRules, oneOf, whole } from '../option.ts'
import type { FrameTrace, PacketTrace } from '../trace.ts'
import type { VirtualDatagram } from '../virtual/internet.ts'
import {
  type BlockOption,
  enhancedPacket,
  interfaceDescription,
  OPTION_APPLICATION,
  OPTION_COMMENT,
  OPTION_FLAGS,
  OPTION_NAME,
  sectionHeader,
} from './pcapng-block.ts'
import { udpPacket } from './udp-packet.ts'

/** What can be captured: frames of a network, packets of a node, datagrams of a virtual network. */
export type Captured = FrameTrace | PacketTrace | VirtualDatagram

export interface PcapngOptions {
  /**
   * What the file is a capture of, before there is anything in it (default `ethernet`). Of whatever else comes the file
   * has an interface as soon as it comes.
   */
  readonly linkType?: 'ethernet' | 'udp'
  /** How many bytes of each packet are kept; 0 (default) for all. */
  readonly snapLength?: number
  /** Where the node is bound, as in `node.info.endpoints`: `packets$` says only where the other end is. */
  readonly local?: readonly Endpoint[]
  /** A note on the whole file, at most 65 535 bytes of UTF-8. */
  readonly comment?: string
}

/** A capture being written. Its file is `header`, then what `write` returns, in order. */
export interface PcapngWriter {
  readonly header: Uint8Array
  readonly write: (item: Captured) => Uint8Array
}

/**
 * Turns a tap into a pcapng file, in pieces: the header at once, then one piece for each item. Wireshark and tshark open
 * it without a plug-in. Frames are Ethernet; packets and datagrams of the wire are UDP over IP, packets with a comment
 * that says what is in them, as they are encrypted. Any number of taps may be merged.
 *
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`
 * @example network.frames$.pipe(pcapng()).subscribe((piece) => file.write(piece))
 */
export const pcapng = (options: PcapngOptions = {}): OperatorFunction<Captured, Uint8Array> => {
  checkOptions('pcapng()', options, pcapngRules)
  return (tap: Observable<Captured>) =>
    defer(() => {
      const { header, write } = pcapngWriter(options)
      return concat(of(header), tap.pipe(map(write)))
    })
}

/** The same without streams. */
export const pcapngWriter = (options: PcapngOptions = {}): PcapngWriter => {
  checkOptions('pcapngWriter()', options, pcapngRules)
  const { linkType = 'ethernet', snapLength = 0, local = [], comment } = options
  const interfaces: LinkType[] = []
  const described = (type: LinkType): Uint8Array => {
    interfaces.push(type)
    return interfaceDescription(LINK_TYPES[type].number, snapLength, [text(OPTION_NAME, LINK_TYPES[type].name)])
  }
  const notes = comment === undefined ? [] : [text(OPTION_COMMENT, comment)]
  const header = joined([sectionHeader([...notes, text(OPTION_APPLICATION, 'rxzt')]), described(linkType)])
  return {
    header,
    write: (item) => {
      const { type, packet, options } = sketch(item, local)
      const start = interfaces.includes(type) ? undefined : described(type)
      const kept = snapLength === 0 ? packet : packet.subarray(0, snapLength)
      const block = enhancedPacket(interfaces.indexOf(type), item.at, kept, packet.length, options)
      return start === undefined ? block : joined([start, block])
    },
  }
}

type LinkType = NonNullable<PcapngOptions['linkType']>

interface Sketch {
  readonly type: LinkType
  readonly packet: Uint8Array
  readonly options: readonly BlockOption[]
}

const sketch = (item: Captured, local: readonly Endpoint[]): Sketch => {
  if ('data' in item) return { type: 'udp', packet: udpPacket(item), options: [] }
  const direction: BlockOption = [OPTION_FLAGS, item.dir === 'in' ? INBOUND : OUTBOUND]
  if ('payload' in item) {
    const [from, to] = [parseMac(item.from) ?? NOBODY, parseMac(item.to) ?? NOBODY]
    const packet = encode(ethernet, { from, to, etherType: item.etherType, payload: item.payload })
    return { type: 'ethernet', packet, options: [direction] }
  }
  const { endpoint, bytes } = item
  const v6 = isIpv6(endpoint.address)
  const here = local.find(({ address }) => isIpv6(address) === v6) ?? (v6 ? UNKNOWN_V6 : UNKNOWN_V4)
  const [from, to] = item.dir === 'in' ? [endpoint, here] : [here, endpoint]
  return {
    type: 'udp',
    packet: udpPacket({ from, to, data: bytes }),
    options: [text(OPTION_COMMENT, summary(item)), direction],
  }
}

/** `EXT_FRAME 89e92ceee5 → 9d219039f3, packet 0123456789abcdef, suite 1: accepted`; what is not known is left out. */
export const summary = ({ verb, source, dest, id, cipher, outcome }: PacketTrace): string => {
  const what =
    verb === undefined ? 'unopened' : (verbName(verb) ?? `verb ${verb}`).replace(/[A-Z]/g, '_$&').toUpperCase()
  const number = id === undefined ? '' : `, packet ${id.toString(16).padStart(16, '0')}`
  const suite = cipher === undefined ? '' : `, suite ${cipher}`
  return `${what} ${source ?? '?'} → ${dest ?? '?'}${number}${suite}: ${outcome}`
}

const text = (code: number, value: string): BlockOption => [code, encoder.encode(value)]

const encoder = new TextEncoder()
const isEndpoint = (x: unknown): boolean =>
  isRecord(x) && typeof x['address'] === 'string' && Number.isInteger(x['port'])

/** An option has 16 bits for its length. */
const MOST_COMMENT = 0xffff

const pcapngRules: OptionRules<PcapngOptions> = {
  linkType: oneOf('ethernet', 'udp'),
  snapLength: whole(0, 0xffff_ffff),
  local: {
    is: (x) => Array.isArray(x) && x.every(isEndpoint),
    cure: 'pass { address, port } of each socket, as in node.info.endpoints',
  },
  comment: {
    is: (x) => typeof x === 'string' && encoder.encode(x).length <= MOST_COMMENT,
    cure: `use at most ${MOST_COMMENT} bytes of text`,
  },
}

const NOBODY = mac(0)
const INBOUND = new Uint8Array([0, 0, 0, 1])
const OUTBOUND = new Uint8Array([0, 0, 0, 2])
const UNKNOWN_V4: Endpoint = { address: '0.0.0.0', port: 0 }
const UNKNOWN_V6: Endpoint = { address: '::', port: 0 }
/** LINKTYPE_ETHERNET and LINKTYPE_RAW, and what the interface is called. */
const LINK_TYPES = {
  ethernet: { number: 1, name: 'virtual network' },
  udp: { number: 101, name: 'wire' },
} as const
