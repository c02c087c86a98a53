import { parseIdentity, type SecretIdentity } from '../../../../src/protocol/crypto/identity.ts'
import { decode } from '../../../../src/protocol/kernel/codec.ts'
import {
  type NetworkId,
  parseAddress,
  parseNetworkId,
  printAddress,
  printNetworkId,
} from '../../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../../src/protocol/kernel/rng.ts'
import { parseChunk, verifyChunk } from '../../../../src/protocol/network/chunk.ts'
import type { NetworkConfig } from '../../../../src/protocol/network/config.ts'
import { decodeConfig } from '../../../../src/protocol/network/config-dictionary.ts'
import { type ControllerState, controller } from '../../../../src/protocol/network/controller.ts'
import { push } from '../../../../src/protocol/network/controller-answer.ts'
import type { ControllerOutput } from '../../../../src/protocol/network/controller-io.ts'
import { postNetwork, storedMember } from '../../../../src/protocol/network/controller-post.ts'
import {
  type MemberRecord,
  type NetworkRecord,
  newMember,
  newNetwork,
  revised,
} from '../../../../src/protocol/network/controller-record.ts'
import type { ControllerTurn } from '../../../../src/protocol/network/controller-state.ts'
import {
  type Capability,
  capability,
  verifyCapability,
} from '../../../../src/protocol/network/credential/capability.ts'
import { com, comTimestamp, verifyCom } from '../../../../src/protocol/network/credential/com.ts'
import { type Ownership, ownership, verifyOwnership } from '../../../../src/protocol/network/credential/ownership.ts'
import { type Tag, tag, verifyTag } from '../../../../src/protocol/network/credential/tag.ts'
import type { JsonObject } from '../../../../src/protocol/network/loose-json.ts'
import { rules } from '../../../../src/protocol/network/rule.ts'
import { HEADER, type OutPacket } from '../../../../src/protocol/vl1-io.ts'
import type { ConfigRequest } from '../../../../src/protocol/vl2-io.ts'
import { nobleCrypto } from '../../../../src/streams/io/crypto-noble.ts'
import { attempt, type Checker, differs, hex, unhex } from '../../checker.ts'
import { comShown, encoded, first, hex64, identityOf, prefixShown, sorted } from './rendered.ts'

/** biome-ignore lint/suspicious/noExplicitAny: cases of vector files */
type Case = any

/** The records of one network as they are handed from case to case, like the files of a controller. */
interface Stored {
  network: NetworkRecord | undefined
  readonly members: Map<string, MemberRecord>
}

/** The controller's secret is in the file of credentials: the same disposable identity. */
const SECRET =
  'ca0fc49f612bc5a8eb9442ecfa43f228b8b8cc056f79356d1868a4f2b7300a1d3f3ca5703c598a7257e7771f2cfd81363ae26d6ad7d8e8d20d554ebd3f44b1b2'
const NOW = 1_700_000_000_000

const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value))
const right = <A>(found: { _tag: 'Right'; right: A } | { _tag: 'Left'; left: unknown }): A => {
  if (found._tag === 'Left') throw new Error(JSON.stringify(found.left))
  return found.right
}

const controllerChecker: Checker = (file) => {
  const parsed = right(parseIdentity(`${file['controller'].identity}:${SECRET}`))
  const self: SecretIdentity = { ...parsed, secretKey: parsed.secretKey! }
  const known = (at: number) => (at === self.address ? self : undefined)
  const stored = new Map<string, Stored>()

  const configShown = (c: NetworkConfig) => {
    const certificate = right(decode(com, c.com!))
    const issued = {
      capabilities: c.capabilities.map((one): Capability => right(decode(capability, one))),
      tags: c.tags.map((one): Tag => right(decode(tag, one))),
      owned: c.ownership.map((one): Ownership => right(decode(ownership, one))),
    }
    const verdicts = [
      verifyCom(nobleCrypto, known, certificate),
      ...issued.capabilities.map((one) => verifyCapability(nobleCrypto, known, one)),
      ...issued.tags.map((one) => verifyTag(nobleCrypto, known, one)),
      ...issued.owned.map((one) => verifyOwnership(nobleCrypto, known, one)),
    ]
    if (verdicts.some((one) => one !== 'valid')) throw new Error(`credentials: ${verdicts}`)
    return {
      networkId: printNetworkId(c.networkId),
      issuedTo: printAddress(c.issuedTo),
      type: c.type.toUpperCase(),
      name: c.name,
      flags: hex64(c.flags),
      mtu: c.mtu,
      multicastLimit: c.multicastLimit,
      revision: Number(c.revision),
      credentialTimeMaxDelta: Number(c.credentialTimeMaxDelta),
      remoteTraceTarget: printAddress(c.remoteTraceTarget),
      remoteTraceLevel: Number(c.remoteTraceLevel),
      staticIps: c.staticIps.map(prefixShown),
      routes: c.routes.map((r) => ({
        target: prefixShown(r.target),
        via: r.via === undefined ? null : `${r.via}/0`,
      })),
      specialists: c.specialists.map((s) => hex64(BigInt(s.address) | (s.activeBridge ? 1n << 41n : 0n))),
      rules_encoded: hex(c.rules),
      capabilities: issued.capabilities.map((one) => ({ id: one.id, rules_encoded: encoded(rules, one.rules) })),
      tags: issued.tags.map((one) => ({ id: one.id, value: one.value })),
      certificatesOfOwnership: issued.owned.map((one) => ({
        id: one.id,
        things: one.things.map((thing) => ({ type: thing.type, value16: hex(thing.value) })),
      })),
      com_qualifiers: comShown(certificate).qualifiers.map((q) =>
        q.id === 0 ? { ...q, value: '<config timestamp>' } : q,
      ),
      com_timestamp_equals_config_timestamp: comTimestamp(certificate) === c.timestamp,
      dns: { domain: c.dns?.domain ?? '', servers: c.dns?.servers ?? [] },
      ssoEnabled: c.sso.enabled,
      ssoVersion: c.sso.version,
    }
  }

  /** What the reply says, in the words of the file. */
  const replyShown = (packets: readonly OutPacket[], requestId: string): Record<string, unknown> => {
    const packet = packets[0]
    if (packet === undefined) return { reply: 'none' }
    const payload = packet.data.subarray(HEADER)
    if (packet.verb === 2) {
      if (hex(payload.subarray(0, 9)) !== `0b${requestId}`) throw new Error('the ERROR names another packet')
      const told = payload[9] === 9 ? { error_data: hex(payload.subarray(20)) } : {}
      return { reply: 'error', wire_error_code: payload[9], ...told }
    }
    const isOk = packet.verb === 3
    if (isOk && hex(payload.subarray(0, 9)) !== `0b${requestId}`) throw new Error('the OK names another packet')
    const chunk = right(parseChunk(payload, isOk ? 9 : 0))
    if (!verifyChunk(nobleCrypto, self, chunk.signed!)) throw new Error('chunk signature')
    return {
      reply: 'config',
      transport: isOk ? 'OK(NETWORK_CONFIG_REQUEST)' : 'NETWORK_CONFIG',
      config: configShown(right(decodeConfig(chunk.data))),
    }
  }

  const run = (c: Case): string | undefined => {
    const id = parseNetworkId(c.network_id)!
    const records = stored.get(c.network_id) ?? { network: undefined, members: new Map<string, MemberRecord>() }
    stored.set(c.network_id, records)
    if (c.network_post !== undefined) {
      const before = records.network
      records.network = revised(before, postNetwork(before ?? newNetwork(id, NOW), c.network_post))
    }
    setByNote(records, c.note)
    const wrongNetwork =
      c.network_stored === undefined
        ? undefined
        : differs('network stored', sorted(timeless(json(records.network))), sorted(c.network_stored))
    // each is a new record in place of the old one, with the identity that will ask
    for (const { address, set } of c.members_before) {
      const fresh = newMember(id, parseAddress(address)!, NOW)
      const identity = address === c.requester.address ? { identity: c.requester.identity } : {}
      records.members.set(address, revised(undefined, storedMember(fresh, json({ ...fresh, ...identity, ...set }))))
    }

    const machine = controller({ crypto: nobleCrypto, random: seededRandom(1), self })
    const state = machine.initial
    if (records.network !== undefined)
      machine.step(
        state,
        { _tag: 'Restore', network: json(records.network), members: [...records.members.values()].map(json) },
        NOW,
      )
    const request: ConfigRequest = {
      network: id,
      member: identityOf(c.requester),
      metadata: unhex(c.metadata),
      packetId: BigInt(`0x${c.request_packet_id}`),
      via: undefined,
    }
    const [, answered] = machine.step(state, { _tag: 'Request', request }, NOW)
    const outputs = request.packetId === 0n ? pushed(state, self, id, request) : answered
    for (const output of answered)
      if (output._tag === 'MemberChanged' && output.record !== undefined)
        records.members.set(printAddress(output.member), output.record)

    const packets = outputs.flatMap((output) => (output._tag === 'Send' ? output.packets : []))
    const shown = replyShown(packets, c.request_packet_id)
    const expected = c.result
    return first(
      wrongNetwork,
      differs('reply', shown['reply'], expected.reply),
      differs('error', shown['wire_error_code'], expected.wire_error_code),
      differs('error data', shown['error_data'], expected.error_data),
      expected.transport === undefined ? undefined : differs('transport', shown['transport'], expected.transport),
      ...Object.keys(expected.config ?? {}).map((key) =>
        differs(
          key,
          sorted((shown['config'] as Record<string, unknown> | undefined)?.[key]),
          sorted(expected.config[key]),
        ),
      ),
      c.member_after === undefined
        ? undefined
        : differs(
            'member after',
            sorted(timeless(json(records.members.get(c.requester.address)))),
            sorted(c.member_after),
          ),
    )
  }
  return file.cases.map((c, i) => attempt(`${i} ${c.note}`, () => run(c)))
}

/** The answer to no request, given after one that is not looked at. */
const pushed = (
  state: ControllerState,
  self: SecretIdentity,
  id: NetworkId,
  request: ConfigRequest,
): readonly ControllerOutput[] => {
  const member = state.networks.get(id)!.members.get(request.member.address)!
  const t: ControllerTurn = {
    config: { crypto: nobleCrypto, random: seededRandom(2), self },
    state,
    now: NOW,
    outputs: [],
    packets: [],
  }
  push(t, member)
  return [...t.outputs, { _tag: 'Send', packets: t.packets }]
}

/** Two fields that no POST sets are set in the store; only the notes say to what. */
const setByNote = (records: Stored, note: string): void => {
  const window = /^certificateTimeoutWindowSize (\d+)/.exec(note)
  const change = {
    ...(window === null ? {} : { certificateTimeoutWindowSize: Number(window[1]) }),
    ...(note.startsWith('SSO-enabled') ? { ssoEnabled: true } : {}),
  }
  if (records.network !== undefined) records.network = revised(records.network, { ...records.network, ...change })
}

const timeless = (record: JsonObject): JsonObject => {
  const shown: Record<string, unknown> = { ...record }
  for (const key of ['creationTime', 'lastAuthorizedTime', 'lastDeauthorizedTime'])
    if (key in shown) shown[key] = shown[key] === 0 ? '0' : '<time>'
  return shown as JsonObject
}

export const controllerCheckers = { controller: controllerChecker } satisfies Record<string, Checker>
