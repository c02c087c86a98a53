import { expect } from 'vitest'
import type { Identity } from '../../../src/protocol/crypto/identity.ts'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { type Address, networkId } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { parseChunk, verifyChunk } from '../../../src/protocol/network/chunk.ts'
import { addChunk, chunkAssembly } from '../../../src/protocol/network/chunk-assembly.ts'
import type { NetworkConfig } from '../../../src/protocol/network/config.ts'
import { decodeConfig } from '../../../src/protocol/network/config-dictionary.ts'
import { controller } from '../../../src/protocol/network/controller.ts'
import type { ControllerInput, ControllerOutput, NetworkChange } from '../../../src/protocol/network/controller-io.ts'
import { verifyRevocation } from '../../../src/protocol/network/credential/revocation.ts'
import { printDictionary, textValue, unsignedValue } from '../../../src/protocol/network/dictionary.ts'
import { error } from '../../../src/protocol/verb/error.ts'
import { networkCredentials } from '../../../src/protocol/verb/network-credentials.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { HEADER, type OutPacket } from '../../../src/protocol/vl1-io.ts'
import { nobleCrypto as crypto } from '../../../src/streams/io/crypto-noble.ts'
import { controllerNode, publicOf } from './nodes.ts'

export const START = 1_700_000_000_000
export const NETWORK = networkId((BigInt(controllerNode.address) << 24n) | 0x123456n)
export const metadata = (auth?: string): Uint8Array =>
  printDictionary([
    ['v', unsignedValue(7n)],
    ['pv', unsignedValue(12n)],
    ['majv', unsignedValue(1n)],
    ['minv', unsignedValue(14n)],
    ['revv', unsignedValue(1n)],
    ['revr', unsignedValue(1n)],
    ...(auth === undefined ? [] : [['a', textValue(auth)] as const]),
  ])
export const pools: NetworkChange = {
  routes: [{ target: '10.0.0.0/24' }],
  ipAssignmentPools: [{ ipRangeStart: '10.0.0.1', ipRangeEnd: '10.0.0.254' }],
  v4AssignMode: { zt: true },
}

/** A controller in virtual time, and what became of the last input. */
export const host = () => {
  const machine = controller({ crypto, random: seededRandom(3), self: controllerNode })
  const state = machine.initial
  let packetId = 100n
  const self = {
    now: START,
    state,
    last: [] as readonly ControllerOutput[],
    do: (input: ControllerInput): readonly ControllerOutput[] => {
      self.last = machine.step(state, input, self.now)[1]
      return self.last
    },
    /** Runs whatever is due without anything arriving. */
    settle: (): readonly ControllerOutput[] => {
      const all: ControllerOutput[] = []
      while (machine.deadline(state) <= self.now) all.push(...machine.tick(state, self.now)[1])
      return all
    },
    ask: (member: Identity, auth?: string): readonly ControllerOutput[] => {
      self.now += 1_100
      const request = { network: NETWORK, member: publicOf(member), metadata: metadata(auth), via: undefined }
      return self.do({ _tag: 'Request', request: { ...request, packetId: packetId++ } })
    },
    create: (change: NetworkChange = {}): void => {
      self.do({ _tag: 'CreateNetwork', number: 0x123456, change })
    },
    authorize: (member: Identity, more: { ips?: readonly string[]; name?: string } = {}) =>
      self.do({ _tag: 'Authorize', network: NETWORK, member: member.address, ...more }),
  }
  return self
}

export const packets = (outputs: readonly ControllerOutput[], to?: Identity): readonly OutPacket[] =>
  outputs
    .flatMap((output) => (output._tag === 'Send' ? output.packets : []))
    .filter((packet) => to === undefined || packet.to === to.address)
export const only = <T extends ControllerOutput['_tag']>(outputs: readonly ControllerOutput[], tag: T) =>
  outputs.filter((output): output is Extract<ControllerOutput, { _tag: T }> => output._tag === tag)

/** The configuration in the packets to a node, as that node would put it together. */
export const configIn = (outputs: readonly ControllerOutput[], to: Identity): NetworkConfig | undefined => {
  const assembly = chunkAssembly()
  for (const { verb, data } of packets(outputs, to)) {
    if (verb !== verbCode.ok && verb !== verbCode.networkConfig) continue
    const chunk = parseChunk(data.subarray(HEADER), verb === verbCode.ok ? 9 : 0)
    if (E.isLeft(chunk) || chunk.right.signed === undefined) throw new Error('a chunk was refused')
    if (!verifyChunk(crypto, controllerNode, chunk.right.signed)) throw new Error('a chunk was not signed')
    const added = addChunk(assembly, chunk.right.signed, chunk.right.data)
    if (added._tag !== 'Complete') continue
    const config = decodeConfig(added.dictionary)
    if (E.isRight(config)) return config.right
  }
  return undefined
}
export const errorsTo = (outputs: readonly ControllerOutput[], to: Identity): readonly number[] =>
  packets(outputs, to)
    .filter(({ verb }) => verb === verbCode.error)
    .map(({ data }) => {
      const found = decode(error, data.subarray(HEADER))
      if (E.isLeft(found)) throw new Error('not an ERROR')
      return found.right.code
    })
export const targetsTold = (outputs: readonly ControllerOutput[], to: Identity): readonly Address[] =>
  packets(outputs, to)
    .filter(({ verb }) => verb === verbCode.networkCredentials)
    .flatMap(({ data }) => {
      const found = decode(networkCredentials, data.subarray(HEADER))
      if (E.isLeft(found)) throw new Error('not credentials')
      return found.right.revocations.map((one) => {
        expect(verifyRevocation(crypto, () => controllerNode, one)).toBe('valid')
        return one.target
      })
    })
