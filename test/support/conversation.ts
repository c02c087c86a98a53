import { agree } from '../../src/protocol/crypto/agreement.ts'
import type { SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import type { Session } from '../../src/protocol/crypto/suite.ts'
import { payloadOf } from '../../src/protocol/packet/compression.ts'
import {
  cipherOf,
  classify,
  destinationOf,
  hopsOf,
  isFragmentedHead,
  sourceOf,
  verbOf,
} from '../../src/protocol/packet/header.ts'
import { addFragment, addHead, reassembly } from '../../src/protocol/packet/reassembly.ts'
import { verbName } from '../../src/protocol/verb/table.ts'
import { fastCrypto } from '../../src/streams/io/crypto-fast.ts'
import type { CapturedDatagram } from './captures.ts'

/** A packet of a capture, opened. */
export interface Said {
  readonly from: string
  readonly to: string
  readonly verb: string
  readonly cipher: number
  readonly hops: number
  readonly payload: Uint8Array
}

/** Opens every packet between known nodes, in the order of the wire. Names are given by whoever holds the identities. */
export const conversation = (
  datagrams: readonly CapturedDatagram[],
  who: Readonly<Record<string, SecretIdentity>>,
): { readonly said: readonly Said[]; readonly unopened: number } => {
  const names = new Map(Object.entries(who).map(([name, identity]) => [identity.address as number, name]))
  const sessions = new Map<string, Session>()
  const sessionOf = (a: string, b: string): Session => {
    const pair = [a, b].sort().join()
    const known = sessions.get(pair)
    if (known !== undefined) return known
    const made = fastCrypto.session(agree(fastCrypto, who[a]!, who[b]!)!)
    sessions.set(pair, made)
    return made
  }
  const ring = reassembly()
  const said: Said[] = []
  let unopened = 0
  for (const { data, from } of datagrams) {
    const kind = classify(data)
    if (kind !== 'packet' && kind !== 'fragment') continue
    let packet: Uint8Array | undefined = data
    if (kind === 'fragment' || isFragmentedHead(data)) {
      const result = (kind === 'fragment' ? addFragment : addHead)(ring, data, { endpoint: from, socket: 1 }, 0)
      packet = result._tag === 'Assembled' ? result.packet : undefined
    }
    if (packet === undefined) continue
    const [source, destination] = [names.get(sourceOf(packet)), names.get(destinationOf(packet))]
    if (source === undefined || destination === undefined) {
      unopened++
      continue
    }
    const facts = { cipher: cipherOf(packet), hops: hopsOf(packet) }
    if (sessionOf(source, destination).open([packet])[0] !== true) {
      unopened++
      continue
    }
    const payload = payloadOf(packet)
    if (payload === undefined) {
      unopened++
      continue
    }
    said.push({ from: source, to: destination, verb: verbName(verbOf(packet)) ?? 'unknown', ...facts, payload })
  }
  return { said, unopened }
}
