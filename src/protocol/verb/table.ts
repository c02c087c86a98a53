import { type Codec, reader, rest, type TypeOf } from '../kernel/codec.ts'
import type { WireError } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { ack } from './ack.ts'
import { echo } from './echo.ts'
import { error } from './error.ts'
import { extFrame } from './ext-frame.ts'
import { frame } from './frame.ts'
import { hello } from './hello.ts'
import { multicastFrame } from './multicast-frame.ts'
import { multicastGather } from './multicast-gather.ts'
import { multicastLike } from './multicast-like.ts'
import { networkConfigRequest } from './network-config-request.ts'
import { networkCredentials } from './network-credentials.ts'
import { nop } from './nop.ts'
import { ok } from './ok.ts'
import { pathNegotiationRequest } from './path-negotiation-request.ts'
import { pushDirectPaths } from './push-direct-paths.ts'
import { qosMeasurement } from './qos-measurement.ts'
import { remoteTrace } from './remote-trace.ts'
import { rendezvous } from './rendezvous.ts'
import { userMessage } from './user-message.ts'
import { verbCode } from './verb-code.ts'
import { whois } from './whois.ts'

export { type VerbName, verbCode, verbName } from './verb-code.ts'

/**
 * Every verb this node speaks. A row here is what makes a codec part of the protocol. HELLO is what can be read before
 * its tail is decrypted; NETWORK_CONFIG is a chunk, read by `network/chunk.ts`.
 */
export const verbs = {
  Nop: { code: verbCode.nop, body: nop },
  Hello: { code: verbCode.hello, body: hello },
  Error: { code: verbCode.error, body: error },
  Ok: { code: verbCode.ok, body: ok },
  Whois: { code: verbCode.whois, body: whois },
  Rendezvous: { code: verbCode.rendezvous, body: rendezvous },
  Frame: { code: verbCode.frame, body: frame },
  ExtFrame: { code: verbCode.extFrame, body: extFrame },
  Echo: { code: verbCode.echo, body: echo },
  MulticastLike: { code: verbCode.multicastLike, body: multicastLike },
  NetworkCredentials: { code: verbCode.networkCredentials, body: networkCredentials },
  NetworkConfigRequest: { code: verbCode.networkConfigRequest, body: networkConfigRequest },
  NetworkConfig: { code: verbCode.networkConfig, body: rest },
  MulticastGather: { code: verbCode.multicastGather, body: multicastGather },
  MulticastFrame: { code: verbCode.multicastFrame, body: multicastFrame },
  PushDirectPaths: { code: verbCode.pushDirectPaths, body: pushDirectPaths },
  Ack: { code: verbCode.ack, body: ack },
  QosMeasurement: { code: verbCode.qosMeasurement, body: qosMeasurement },
  UserMessage: { code: verbCode.userMessage, body: userMessage },
  RemoteTrace: { code: verbCode.remoteTrace, body: remoteTrace },
  PathNegotiationRequest: { code: verbCode.pathNegotiationRequest, body: pathNegotiationRequest },
} as const

type Verbs = typeof verbs
export type Verb = { [K in keyof Verbs]: { readonly _tag: K; readonly body: TypeOf<Verbs[K]['body']> } }[keyof Verbs]

/** Reads an opened, decompressed payload as the verb that its header names. For taps and tools: not the packet path. */
export const decodeVerb = (code: number, payload: Uint8Array): E.Either<WireError, Verb> => {
  const row = byCode.get(code)
  if (row === undefined) return E.left({ _tag: 'UnknownVerb', code })
  const body = row.body.read(reader(payload))
  return body._tag === 'Left' ? body : E.right({ _tag: row.tag, body: body.right } as Verb)
}

const byCode: ReadonlyMap<number, { readonly tag: keyof Verbs; readonly body: Codec<unknown> }> = new Map(
  (Object.keys(verbs) as (keyof Verbs)[]).map((tag) => [
    verbs[tag].code,
    { tag, body: verbs[tag].body as Codec<unknown> },
  ]),
)
