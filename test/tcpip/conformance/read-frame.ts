import { readU16, readU32 } from '../../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { byteAt, type Flow } from './flow.ts'
import { readQuery } from './name-client.ts'
import { readArp, readIp, readNd } from './packet-text.ts'
import { readReport } from './report-text.ts'
import { readTcp } from './tcp-text.ts'

/** Something the stack sent, in the words that scripts have for it. */
export interface Sent {
  readonly at: number
  readonly kind: 'tcp' | 'udp' | 'icmp' | 'arp' | 'nd' | 'report' | 'frag' | 'dns' | 'ip'
  readonly words: readonly string[]
  readonly fields: ReadonlyMap<string, string>
  readonly flow?: Flow
}

export const readFrame = (frame: Frame, at: number, flowAt: (localPort: number, peerPort: number) => Flow): Sent => {
  if (frame.etherType === 0x0806) return { at, kind: 'arp', ...readArp(frame) }
  const ip = readIp(frame)
  const { payload, fields } = ip
  switch (ip.protocol) {
    case -1:
      return { at, kind: 'frag', words: [], fields }
    case 6: {
      const flow = flowAt(readU16(payload, 0), readU16(payload, 2))
      const read = readTcp(flow, payload, at, fields)
      if (read === undefined) throw new Error('a segment left that is none')
      const words = [read.flags, `${read.seq}+${read.length}`]
      return { at, kind: 'tcp', words, fields, flow }
    }
    case 17:
      fields.set('len', `${payload.length - 8}`)
      if (readU16(payload, 4) !== payload.length) throw new Error('the UDP length is wrong')
      if (readU16(payload, 2) === 53) {
        const { id, type, name } = readQuery(payload.subarray(8))
        fields.set('id', `${id}`).set('port', `${readU16(payload, 0)}`)
        return { at, kind: 'dns', words: [type, name], fields }
      }
      for (let i = 8; i < payload.length; i++)
        if (payload[i] !== byteAt(i - 8)) throw new Error(`byte ${i - 8} of the datagram is another`)
      return { at, kind: 'udp', words: [`${readU16(payload, 0)}>${readU16(payload, 2)}`], fields }
    case 1:
    case 58:
      if (ip.protocol === 58 && (payload[0] === 130 || payload[0] === 131 || payload[0] === 143)) break
      if (ip.protocol === 58 && payload[0]! >= 133 && payload[0]! <= 137) {
        const nd = readNd(payload)
        return { at, kind: 'nd', words: nd.words, fields: new Map([...fields, ...nd.fields]) }
      }
      fields.set('len', `${payload.length - 8}`).set('rest', `${readU32(payload, 4)}`)
      return { at, kind: 'icmp', words: [`${payload[0]}/${payload[1]}`], fields: quoting(fields, payload, ip.protocol) }
    case 2:
      break
    default:
      return { at, kind: 'ip', words: [`${ip.protocol}`], fields }
  }
  const report = readReport(ip)
  return { at, kind: 'report', words: report.words, fields: new Map([...fields, ...report.fields]) }
}

/** What an error is about: `quotes` is the protocol and the first port pair of the packet in it. */
const quoting = (fields: Map<string, string>, message: Uint8Array, protocol: number): Map<string, string> => {
  const type = message[0]!
  if (protocol === 1 ? ![3, 11, 12].includes(type) : type >= 128) return fields
  const at = protocol === 1 ? 8 + (message[8]! & 15) * 4 : 48
  const inner = protocol === 1 ? message[17]! : message[14]!
  fields.set('quotes', inner === 17 || inner === 6 ? `${readU16(message, at)}>${readU16(message, at + 2)}` : `${inner}`)
  return fields
}

/** What keeps a link together and is of no interest to most cases. */
export const isLinkTalk = (s: Sent): boolean => s.kind === 'arp' || s.kind === 'nd' || s.kind === 'report'
