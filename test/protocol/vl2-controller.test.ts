import { describe, expect, it } from 'vitest'
import type { Identity } from '../../src/protocol/crypto/identity.ts'
import type { Address, NetworkId } from '../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { controller as controllerRole } from '../../src/protocol/network/controller.ts'
import type { ControllerInput, ControllerOutput } from '../../src/protocol/network/controller-io.ts'
import { macOf, macScheme } from '../../src/protocol/network/mac.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import type { OutPacket } from '../../src/protocol/vl1-io.ts'
import type { Vl2Output } from '../../src/protocol/vl2-io.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { unhex } from '../support/checker.ts'
import { identityNamed } from '../support/vl2-network.ts'
import { framesOf, packetsOf, payloadOf, START, type Vl2Node, vl2Node, withHeadroom } from '../support/vl2-node.ts'

/** Three nodes, one of them with the controller role, on a wire without delay. */
const world = () => {
  const [zc, za, zb] = [identityNamed('zc'), identityNamed('za'), identityNamed('zb')]
  const everybody: readonly Identity[] = [zc, za, zb]
  const role = controllerRole({ crypto: nobleCrypto, random: seededRandom(9), self: zc })
  let roleState = role.initial
  let now = START
  let ids = 1n
  const nodes = new Map<Address, Vl2Node>(
    [zc, za, zb].map((self) => [
      self.address,
      vl2Node({ crypto: nobleCrypto, self, known: everybody.filter((one) => one !== self), controller: self === zc }),
    ]),
  )
  const heard = new Map<Address, Vl2Output[]>([...nodes.keys()].map((one) => [one, []]))
  const said: ControllerOutput[] = []
  const ids64 = (): bigint => ids++ << 32n

  const deliver = (from: Address, packet: OutPacket): void => {
    const sender = everybody.find(({ address }) => address === from)!
    nodes.get(packet.to)?.hear(sender, packet.verb, payloadOf(packet).slice(), ids64())
  }
  const tell = (input: ControllerInput): void => {
    const [after, outputs] = role.step(roleState, input, now)
    roleState = after
    heed(outputs)
    while (role.deadline(roleState) <= now) {
      const [later, more] = role.tick(roleState, now)
      roleState = later
      heed(more)
    }
  }
  const heed = (outputs: readonly ControllerOutput[]): void => {
    const own = nodes.get(zc.address)!
    for (const output of outputs) {
      said.push(output)
      if (output._tag === 'Send') for (const packet of output.packets) deliver(zc.address, packet)
      if (output._tag === 'Configured' || output._tag === 'Refused') own.give(output)
      if (output._tag === 'Credentials') own.hear(zc, verbCode.networkCredentials, output.payload)
    }
  }
  const settle = (): void => {
    for (let busy = true; busy; ) {
      busy = false
      for (const [from, node] of nodes)
        for (const output of node.take()) {
          busy = true
          heard.get(from)!.push(output)
          if (output._tag === 'Send') for (const packet of packetsOf([output])) deliver(from, packet)
          if (output._tag === 'ConfigRequest') tell({ _tag: 'Request', request: output.request })
        }
    }
  }
  return {
    zc,
    za,
    zb,
    command: (input: ControllerInput) => {
      tell(input)
      settle()
    },
    give: (self: Identity, input: Parameters<Vl2Node['give']>[0]) => {
      nodes.get(self.address)!.give(input)
      settle()
    },
    passTo: (time: number) => {
      for (; now < time; now = Math.min(time, now + 50)) {
        for (const node of nodes.values()) node.passTo(now)
        settle()
      }
    },
    statuses: (self: Identity) =>
      heard.get(self.address)!.flatMap((one) => (one._tag === 'Network' ? [one.status] : [])),
    ips: (self: Identity) =>
      heard
        .get(self.address)!
        .flatMap((one) => (one._tag === 'Network' && one.config !== undefined ? [one.config.staticIps] : []))
        .at(-1)
        ?.map(({ address, bits }) => `${address}/${bits}`),
    frames: (self: Identity) => framesOf(heard.get(self.address)!),
    network: (): NetworkId => said.flatMap((one) => (one._tag === 'Created' ? [one.network] : []))[0]!,
  }
}

const hosted = () => {
  const it = world()
  it.command({
    _tag: 'CreateNetwork',
    change: {
      name: 'lab',
      routes: [{ target: '10.9.0.0/24' }],
      ipAssignmentPools: [{ ipRangeStart: '10.9.0.1', ipRangeEnd: '10.9.0.200' }],
      v4AssignMode: { zt: true },
    },
  })
  return it
}

describe('members of a network of our own controller', () => {
  it('wait for approval, then are let in at once, each with an address', () => {
    const it = hosted()
    for (const one of [it.za, it.zb]) it.give(one, { _tag: 'Join', network: it.network() })
    expect(it.statuses(it.za)).toEqual(['requesting', 'denied'])
    for (const one of [it.za, it.zb]) it.command({ _tag: 'Authorize', network: it.network(), member: one.address })
    expect([it.statuses(it.za).at(-1), it.statuses(it.zb).at(-1)]).toEqual(['ok', 'ok'])
    expect(it.ips(it.za)).toHaveLength(1)
    expect(it.ips(it.za)).not.toEqual(it.ips(it.zb))
  })

  it('reach each other, and no longer after one of them is put out', () => {
    const it = hosted()
    const id = it.network()
    for (const one of [it.za, it.zb]) {
      it.command({ _tag: 'Authorize', network: id, member: one.address })
      it.give(one, { _tag: 'Join', network: id })
    }
    const scheme = macScheme(id)
    const [from, to] = [macOf(scheme, it.za.address), macOf(scheme, it.zb.address)]
    const say = (payload: string) =>
      it.give(it.za, {
        _tag: 'Frames',
        network: id,
        frames: [{ from, to, etherType: 0x0800, payload: withHeadroom(unhex(payload)) }],
      })
    say('01')
    expect(it.frames(it.zb).map(({ payload }) => payload)).toEqual([unhex('01')])
    it.passTo(START + 2_000)
    it.command({ _tag: 'Deauthorize', network: id, member: it.za.address })
    say('02')
    it.passTo(START + 10_000)
    expect(it.frames(it.zb).map(({ payload }) => payload)).toEqual([unhex('01')])
    expect(it.statuses(it.za).at(-1)).toBe('denied')
  })

  it('include the controller itself, which checks what it has signed', () => {
    const it = hosted()
    const id = it.network()
    for (const one of [it.zc, it.za]) {
      it.command({ _tag: 'Authorize', network: id, member: one.address })
      it.give(one, { _tag: 'Join', network: id })
    }
    expect(it.statuses(it.zc).at(-1)).toBe('ok')
    const scheme = macScheme(id)
    const [from, to] = [macOf(scheme, it.za.address), macOf(scheme, it.zc.address)]
    const payload = withHeadroom(unhex('01'))
    it.give(it.za, { _tag: 'Frames', network: id, frames: [{ from, to, etherType: 0x0800, payload }] })
    expect(it.frames(it.zc)).toHaveLength(1)
  })
})
