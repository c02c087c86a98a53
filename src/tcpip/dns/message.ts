import { Buffer } from 'buffer'
import { type Answer, decode, encode, RECURSION_DESIRED } from 'dns-packet'
import { canonicalIp, type IpAddress } from '../../protocol/kernel/ip.ts'

/** The one door to the DNS codec (RFC 1035, RFC 6891): what it throws at malformed messages ends here. */
export type AddressType = 'A' | 'AAAA'

export interface DnsAnswer {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly truncated: boolean
  /** 0: no error, 3: there is no such name; anything else is a failure of the server. */
  readonly code: number
  /** Addresses and aliases, names in lower case; `ttl` in seconds. */
  readonly records: readonly DnsRecord[]
  /** For how many seconds it may be kept that there is nothing (RFC 2308 §5); `undefined` if the answer does not say. */
  readonly negativeTtl: number | undefined
}
export type DnsRecord =
  | { readonly name: string; readonly type: AddressType; readonly ttl: number; readonly address: IpAddress }
  | { readonly name: string; readonly type: 'CNAME'; readonly ttl: number; readonly target: string }

export const writeQuery = (id: number, name: string, type: AddressType): Uint8Array =>
  encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type, name, class: 'IN' }],
    additionals: [
      {
        ...{ type: 'OPT', name: '.', udpPayloadSize: MOST_OVER_UDP, extendedRcode: 0, ednsVersion: 0, flags: 0 },
        ...{ flag_do: false, options: [] },
      },
    ],
  })

/** An answer to one question, `undefined` if the message is anything else. */
export const readAnswer = (bytes: Uint8Array): DnsAnswer | undefined => {
  try {
    const message = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    const [question, ...more] = message.questions ?? []
    // the last record may end beyond a message that was cut
    if (decode.bytes > bytes.length) return undefined
    if (!message.flag_qr || question === undefined || more.length > 0 || question.class !== 'IN') return undefined
    return {
      id: message.id ?? 0,
      name: question.name.toLowerCase(),
      type: question.type,
      truncated: message.flag_tc,
      code: (message.flags ?? 0) & 15,
      records: (message.answers ?? []).flatMap(recordOf),
      negativeTtl: negativeTtlOf(message.authorities ?? []),
    }
  } catch {
    return undefined
  }
}

const recordOf = (answer: Answer): readonly DnsRecord[] => {
  if (answer.type === 'OPT' || answer.class !== 'IN') return []
  const name = answer.name.toLowerCase()
  const ttl = answer.ttl ?? 0
  if (answer.type === 'CNAME') return [{ name, type: 'CNAME', ttl, target: answer.data.toLowerCase() }]
  if (answer.type !== 'A' && answer.type !== 'AAAA') return []
  const address = canonicalIp(answer.data)
  return address === undefined ? [] : [{ name, type: answer.type, ttl, address }]
}
const negativeTtlOf = (authorities: readonly Answer[]): number | undefined => {
  const soa = authorities.find((answer) => answer.type === 'SOA')
  return soa === undefined ? undefined : Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0, MOST_NEGATIVE_TTL)
}

/** Bytes that fit every path uncut (DNS flag day 2020). */
const MOST_OVER_UDP = 1232
const MOST_NEGATIVE_TTL = 300
