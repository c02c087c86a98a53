import type { Identity } from '../../../../src/protocol/crypto/identity.ts'
import { decode } from '../../../../src/protocol/kernel/codec.ts'
import { printAddress, printNetworkId } from '../../../../src/protocol/kernel/id.ts'
import { parseChunk, verifyChunk } from '../../../../src/protocol/network/chunk.ts'
import { addChunk, chunkAssembly, hasChunk } from '../../../../src/protocol/network/chunk-assembly.ts'
import type { NetworkConfig } from '../../../../src/protocol/network/config.ts'
import { decodeConfig, encodeConfig } from '../../../../src/protocol/network/config-dictionary.ts'
import { capability } from '../../../../src/protocol/network/credential/capability.ts'
import { com } from '../../../../src/protocol/network/credential/com.ts'
import { ownership } from '../../../../src/protocol/network/credential/ownership.ts'
import { tag } from '../../../../src/protocol/network/credential/tag.ts'
import { parseDictionary } from '../../../../src/protocol/network/dictionary.ts'
import { rules } from '../../../../src/protocol/network/rule.ts'
import { nobleCrypto } from '../../../../src/streams/io/crypto-noble.ts'
import { attempt, type Checker, differs, hex, unhex } from '../../checker.ts'
import {
  capabilityShown,
  comShown,
  first,
  hex64,
  identityOf,
  ownershipShown,
  prefixShown,
  ruleShown,
  sorted,
  specialistShown,
  tagShown,
} from './rendered.ts'

/** biome-ignore lint/suspicious/noExplicitAny: cases of vector files */
type Case = any

const right = <A>(found: { _tag: 'Right'; right: A } | { _tag: 'Left'; left: unknown }): A => {
  if (found._tag === 'Left') throw new Error(JSON.stringify(found.left))
  return found.right
}

const configShown = (c: NetworkConfig) => ({
  networkId: printNetworkId(c.networkId),
  timestamp: Number(c.timestamp),
  credentialTimeMaxDelta: Number(c.credentialTimeMaxDelta),
  revision: Number(c.revision),
  issuedTo: printAddress(c.issuedTo),
  remoteTraceTarget: printAddress(c.remoteTraceTarget),
  remoteTraceLevel: Number(c.remoteTraceLevel),
  flags: hex64(c.flags),
  enableBroadcast: (c.flags & 2n) !== 0n,
  ndpEmulation: (c.flags & 4n) !== 0n,
  mtu: c.mtu,
  multicastLimit: c.multicastLimit,
  type: c.type.toUpperCase(),
  name: c.name,
  specialists: c.specialists.map(specialistShown),
  routes: c.routes.map((r) => ({
    target: prefixShown(r.target),
    via: r.via === undefined ? null : `${r.via}/0`,
    flags: r.flags,
    metric: r.metric,
  })),
  staticIps: c.staticIps.map(prefixShown),
  rules: right(decode(rules, c.rules)).map(ruleShown),
  capabilities: c.capabilities.map((one) => capabilityShown(right(decode(capability, one)))),
  tags: c.tags.map((one) => tagShown(right(decode(tag, one)))),
  certificatesOfOwnership: c.ownership.map((one) => ownershipShown(right(decode(ownership, one)))),
  com: c.com === undefined ? null : comShown(right(decode(com, c.com))),
  dns: {
    domain: c.dns?.domain ?? '',
    servers: [0, 1, 2, 3].map((i) => (c.dns?.servers[i] === undefined ? null : `${c.dns.servers[i]}/0`)),
  },
  ssoEnabled: c.sso.enabled,
  ssoVersion: c.sso.version,
  authenticationURL: c.sso.authenticationUrl,
  authenticationExpiryTime: Number(c.sso.authenticationExpiry),
  issuerURL: c.sso.issuerUrl,
  centralAuthURL: c.sso.centralUrl,
  ssoNonce: c.sso.nonce,
  ssoState: c.sso.state,
  ssoClientID: c.sso.clientId,
  ssoProvider: c.sso.provider,
})

const networkConfig: Checker = (file) =>
  file.cases.map((c, i) =>
    attempt(`${i} ${c.note ?? `level ${c.level}`}`, () => {
      const bytes = unhex(c.dictionary)
      const found = decodeConfig(bytes)
      if (found._tag === 'Left') return differs('accepted', false, c.accepted)
      const shown: Case = configShown(found.right)
      // the label of a type that is neither public nor private means nothing
      if (/unknown network type/.test(c.note ?? '')) shown.type = c.decoded.type
      return first(
        differs('accepted', true, c.accepted),
        ...Object.keys(c.decoded ?? {}).map((key) => differs(key, sorted(shown[key]), sorted(c.decoded[key]))),
        c.kind === 'full'
          ? first(
              differs('keys', [...parseDictionary(encodeConfig(found.right)).keys()], c.keys_in_order),
              differs('encoded', hex(encodeConfig(found.right)), c.dictionary),
            )
          : undefined,
      )
    }),
  )

/** A receiver in a few lines: what chunk completes what. */
const receiver = (controller: Identity) => {
  const assembly = chunkAssembly()
  let held: NetworkConfig | undefined
  return {
    held: () => held,
    receive: (payload: Uint8Array, at: number, from: string, packetId: bigint): bigint => {
      const parsed = parseChunk(payload, at)
      if (parsed._tag === 'Left') return 0n
      const { data, signed } = parsed.right
      let dictionary: Uint8Array
      if (signed === undefined) {
        if (from !== printAddress(controller.address)) return 0n
        dictionary = data
      } else {
        if (hasChunk(assembly, signed) || !verifyChunk(nobleCrypto, controller, signed)) return 0n
        const added = addChunk(assembly, signed, data)
        if (added._tag !== 'Complete') return 0n
        dictionary = added.dictionary
      }
      const config = decodeConfig(dictionary)
      if (config._tag === 'Left') return 0n
      held = config.right
      return signed?.updateId ?? packetId
    },
  }
}

const chunks: Checker = (file) => {
  const controller = identityOf(file.cases[0].controller)
  return file.cases.flatMap((c, i) => {
    const name = `${i} ${c.kind} ${c.transport ?? c.note}`
    if (c.kind !== 'chunk_set')
      return attempt(name, () => {
        const node = receiver(controller)
        const id = node.receive(unhex(c.packet_payload), 9, c.from ?? '', BigInt(`0x${c.packet_id ?? 0}`))
        const mine = c.issued_to ?? c.receiver
        const applied = node.held() !== undefined && printAddress(node.held()!.issuedTo) === mine
        return first(
          differs('update id', hex64(id), c.update_id_returned),
          differs('has config', applied, c.has_config_after),
        )
      })
    const at = c.transport.startsWith('OK') ? 9 : 0
    const layout = attempt(name, () =>
      first(
        ...c.chunks.map((chunk: Case) => {
          const payload = unhex(chunk.packet_payload)
          const parsed = right(parseChunk(payload, at))
          const signed = parsed.signed!
          return first(
            differs('network', printNetworkId(parsed.network), c.network_id),
            differs('chunk length', parsed.data.length, chunk.chunk_length),
            differs('update id', hex64(signed.updateId), chunk.update_id),
            differs('total', signed.total, chunk.total_length),
            differs('offset', signed.offset, chunk.chunk_offset),
            differs('signed length', signed.message.length, chunk.signed_bytes_length),
            differs('signature', hex(signed.signature), chunk.signature),
            differs('signed at', signed.message.byteOffset - payload.byteOffset, chunk.signed_bytes_offset_in_payload),
          )
        }),
      ),
    )
    const runs = c.receive.map((run: Case) =>
      attempt(`${name}: ${run.note}`, () => {
        const node = receiver(controller)
        const steps = run.steps.map((step: Case) => {
          const payload = unhex(c.chunks[step.chunk].packet_payload)
          if (run.tampered_chunk === step.chunk) payload[at + 10] = payload[at + 10]! ^ 1
          return differs('update id', hex64(node.receive(payload, at, run.from, 1n)), step.update_id_returned)
        })
        return first(
          ...steps,
          differs('has config', node.held() !== undefined, run.has_config_after),
          node.held() === undefined ? undefined : differs('dictionary', hex(encodeConfig(node.held()!)), c.dictionary),
        )
      }),
    )
    return [layout, ...runs]
  })
}

export const configCheckers = {
  network_config: networkConfig,
  network_config_chunks: chunks,
} satisfies Record<string, Checker>
