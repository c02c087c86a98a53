import { type Codec, decode, encode } from '../../../../src/protocol/kernel/codec.ts'
import { type Mac, printAddress, printMac, printNetworkId } from '../../../../src/protocol/kernel/id.ts'
import { type Com, com } from '../../../../src/protocol/network/credential/com.ts'
import {
  error,
  errorAuthenticationRequired,
  errorNetwork,
  errorUnwantedMulticast,
} from '../../../../src/protocol/verb/error.ts'
import { extFrame, extFrameOk, extFramePacket } from '../../../../src/protocol/verb/ext-frame.ts'
import { frame, framePacket } from '../../../../src/protocol/verb/frame.ts'
import {
  multicastFrame,
  multicastFrameOk,
  multicastFramePacket,
} from '../../../../src/protocol/verb/multicast-frame.ts'
import { multicastGather, multicastGatherOk } from '../../../../src/protocol/verb/multicast-gather.ts'
import { multicastLike } from '../../../../src/protocol/verb/multicast-like.ts'
import { networkConfigRequest } from '../../../../src/protocol/verb/network-config-request.ts'
import { networkCredentials } from '../../../../src/protocol/verb/network-credentials.ts'
import { networkKey } from '../../../../src/protocol/verb/network-key.ts'
import { ok } from '../../../../src/protocol/verb/ok.ts'
import { HEADER } from '../../../../src/protocol/vl1-io.ts'
import { attempt, type Checker, differs, hex, unhex } from '../../checker.ts'
import { encoded, first, hex64, sorted } from './rendered.ts'

/** What a payload says, and the bytes that our own writers make of it (several where there are several writers). */
interface Read {
  readonly decoded: Record<string, unknown>
  readonly written: readonly string[]
}
const network = (value: { readonly network: bigint }) => ({ network_id: printNetworkId(value.network as never) })
const group = (value: { readonly mac: Mac; readonly adi: number }) => ({ mac: printMac(value.mac), adi: value.adi })
const certificate = (value: Com | undefined) => (value === undefined ? {} : { com: encoded(com, value) })

/** What a decoder returns, or an error that ends the case. */
const must = <A>(codec: Codec<A>, bytes: Uint8Array): A => {
  const found = decode(codec, bytes)
  if (found._tag === 'Left') throw new Error(JSON.stringify(found.left))
  return found.right
}

const readers: Readonly<Record<string, (bytes: Uint8Array) => Read>> = {
  FRAME: (b) => {
    const v = must(frame, b)
    return {
      decoded: { ...network(v), ethertype: v.etherType, frame: hex(v.payload) },
      written: [
        encoded(frame, v),
        hex(framePacket(networkKey(v.network), v.etherType, v.payload, true).subarray(HEADER)),
        hex(framePacket(networkKey(v.network), v.etherType, roomy(v.payload)).subarray(HEADER)),
      ],
    }
  },
  EXT_FRAME: (b) => {
    const v = must(extFrame, b)
    const inPlace = extFramePacket(networkKey(v.network), v.flags, v.to, v.from, v.etherType, roomy(v.payload))
    return {
      decoded: {
        ...network(v),
        flags: v.flags,
        ...certificate(v.com),
        dest_mac: printMac(v.to),
        source_mac: printMac(v.from),
        ethertype: v.etherType,
        frame: hex(v.payload),
      },
      written: [encoded(extFrame, v), ...(v.com === undefined ? [hex(inPlace.subarray(HEADER))] : [])],
    }
  },
  MULTICAST_LIKE: (b) => {
    const v = must(multicastLike, b)
    return {
      decoded: { groups: v.map((one) => ({ ...network(one), ...group(one) })) },
      written: [encoded(multicastLike, v)],
    }
  },
  MULTICAST_GATHER: (b) => {
    const v = must(multicastGather, b)
    return {
      decoded: {
        ...network(v),
        flags: v.com === undefined ? 0 : 1,
        ...group(v),
        limit: v.limit,
        ...certificate(v.com),
      },
      written: [encoded(multicastGather, v)],
    }
  },
  MULTICAST_FRAME: (b) => {
    const v = must(multicastFrame, b)
    return {
      decoded: {
        ...network(v),
        flags: b[8],
        ...(v.gatherLimit === undefined ? {} : { gather_limit: v.gatherLimit }),
        ...(v.from === undefined ? {} : { source_mac: printMac(v.from) }),
        ...certificate(v.com),
        dest_mac: printMac(v.to),
        adi: v.adi,
        ethertype: v.etherType,
        frame: hex(v.payload),
      },
      written: [
        encoded(multicastFrame, v),
        ...(v.com === undefined ? [hex(multicastFramePacket(networkKey(v.network), v).subarray(HEADER))] : []),
      ],
    }
  },
  NETWORK_CREDENTIALS: (b) => {
    const v = must(networkCredentials, b)
    const coms = v.coms.map((one) => encoded(com, one))
    const offset = coms.join('').length / 2 + 1
    const whole = encoded(networkCredentials, v)
    return {
      decoded: { coms, capability_section_offset: offset, remainder: whole.slice(2 * offset) },
      written: [whole],
    }
  },
  NETWORK_CONFIG_REQUEST: (b) => {
    const v = must(networkConfigRequest, b)
    const held = { have_revision: hex64(v.revision), have_timestamp: hex64(v.timestamp) }
    const complete = b.length > 10 + v.metadata.length
    return {
      decoded: { ...network(v), metadata_dictionary: hex(v.metadata), ...(complete ? held : {}) },
      written: [encoded(networkConfigRequest, v).slice(0, complete ? undefined : 2 * (10 + v.metadata.length))],
    }
  },
  ERROR: (b) => {
    const v = must(error, b)
    const head = { in_re_verb: v.inReVerb, in_re_packet_id: hex64(v.inReId), error_code: v.code }
    const detail = (): Record<string, unknown> => {
      if (v.code === 8) {
        const d = must(errorUnwantedMulticast, v.detail)
        return { ...network(d), mac: printMac(d.mac as Mac), adi: d.adi }
      }
      if (v.code !== 9) return network(must(errorNetwork, v.detail))
      const d = must(errorAuthenticationRequired, v.detail)
      return { ...network(d), auth_info_dictionary: hex(d.dictionary ?? new Uint8Array(0)) }
    }
    return { decoded: { ...head, ...detail() }, written: [encoded(error, v)] }
  },
  OK: (b) => {
    const v = must(ok, b)
    const head = { in_re_verb: v.inReVerb, in_re_packet_id: hex64(v.inReId) }
    const whole = (body: Uint8Array): string => encoded(ok, { ...v, answer: body })
    if (v.inReVerb === 0x07) {
      const d = must(extFrameOk, v.answer)
      return { decoded: { ...head, ...network(d) }, written: [whole(encode(extFrameOk, d))] }
    }
    const results = (r: { total: number; members: readonly number[] }) => ({
      total_known: r.total,
      addresses: r.members.map((one) => printAddress(one as never)),
    })
    if (v.inReVerb === 0x0d) {
      const d = must(multicastGatherOk, v.answer)
      return {
        decoded: { ...head, ...network(d), ...group(d), ...results(d.results) },
        written: [whole(encode(multicastGatherOk, d))],
      }
    }
    const d = must(multicastFrameOk, v.answer)
    return {
      decoded: {
        ...head,
        ...network(d),
        ...group(d),
        flags: d.results ? 2 : 0,
        ...(d.results ? results(d.results) : {}),
      },
      written: [whole(encode(multicastFrameOk, d))],
    }
  },
}

/** The payload with free bytes in front, as the host stack hands frames over. */
const roomy = (payload: Uint8Array): Uint8Array => {
  const room = new Uint8Array(64 + payload.length)
  room.set(payload, 64)
  return room.subarray(64)
}

const payloads: Checker = (file) =>
  file.cases.map((c, i) =>
    attempt(`${i} ${c.verb} ${c.context}`, () => {
      const read = readers[c.verb]
      if (read === undefined) return `no reader for ${c.verb}`
      const { decoded, written } = read(unhex(c.payload))
      return first(
        differs('decoded', sorted(decoded), sorted(c.decoded)),
        ...written.map((bytes) => differs('written', bytes, c.payload)),
      )
    }),
  )

export const payloadCheckers = { payloads } satisfies Record<string, Checker>
