import { describe, expect, it } from 'vitest'
import { encode, writeU64 } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { type Address, type Mac, networkId, printAddress } from '../../src/protocol/kernel/id.ts'
import { issueCom } from '../../src/protocol/network/credential/com.ts'
import { credentialType, issueRevocation, revocation } from '../../src/protocol/network/credential/revocation.ts'
import { BROADCAST, macOf, macScheme } from '../../src/protocol/network/mac.ts'
import { networkCredentials, noCredentials } from '../../src/protocol/verb/network-credentials.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { HEADER } from '../../src/protocol/vl1-io.ts'
import type { Vl2Output } from '../../src/protocol/vl2-io.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { hex, unhex } from '../support/checker.ts'
import { chunksOf, configFor, identityNamed, NETWORK, vl2Network } from '../support/vl2-network.ts'
import {
  framesOf,
  messageOf,
  packetsOf,
  payloadOf,
  START,
  type Vl2Node,
  vl2Node,
  withHeadroom,
} from '../support/vl2-node.ts'

type Named = ReturnType<typeof identityNamed>
const [controller, za, zb, zx, root] = (['zc', 'za', 'zb', 'zx', 'zr'] as const).map(identityNamed) as [
  Named,
  Named,
  Named,
  Named,
  Named,
]
const scheme = macScheme(NETWORK)
const macFor = (one: { address: Address }): Mac => macOf(scheme, one.address)
const IPV4 = 0x0800
const ARP = 0x0806
const hello = (from: typeof za, to: typeof za): Frame => ({
  to: macFor(to),
  from: macFor(from),
  etherType: IPV4,
  payload: withHeadroom(unhex('00')),
})
const frame = (payload: string) => unhex(`60ca6443caa563600800${payload}`)

/** A member with a configuration, its announcements taken away. */
const member = (changes = {}, options: Partial<Parameters<typeof vl2Node>[0]> = {}): Vl2Node => {
  const node = vl2Node({ crypto: nobleCrypto, self: za, known: [za, zb, zx, root, controller], ...options })
  node.give({ _tag: 'Join', network: NETWORK })
  node.hear(controller, verbCode.networkConfig, chunksOf(controller, configFor(controller, za, START, changes), 7n)[0]!)
  node.take()
  return node
}
const credentialsOf = (one: typeof zb, at = START): Uint8Array =>
  encode(networkCredentials, {
    ...noCredentials,
    coms: [issueCom(nobleCrypto, controller, NETWORK, one, at, 1_800_000)],
  })
const drops = (outputs: readonly Vl2Output[]) => outputs.flatMap((one) => (one._tag === 'Drop' ? [one.reason] : []))
const sent = (outputs: readonly Vl2Output[]) => packetsOf(outputs).map(({ to, verb }) => [printAddress(to), verb])

describe('the membership gate', () => {
  it('holds a frame that comes before its credentials, asks for them, and delivers it the moment they come', () => {
    const node = member()
    node.hear(zb, verbCode.frame, frame('aabb'), 0x77n)
    const asked = node.take()
    expect(framesOf(asked)).toEqual([])
    expect(packetsOf(asked).map((one) => [one.verb, hex(payloadOf(one)), one.via !== undefined])).toEqual([
      [verbCode.error, '0600000000000000770660ca6443caa56360', true],
    ])
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb))
    const outputs = node.take()
    expect(framesOf(outputs)).toEqual([{ to: macFor(za), from: macFor(zb), etherType: IPV4, payload: unhex('aabb') }])
    expect(outputs).toContainEqual({ _tag: 'Trust', peers: [zb.address] })
    expect(sent(outputs)).toEqual([[printAddress(zb.address), verbCode.multicastLike]])
  })

  it('keeps the order of what it held', () => {
    const node = member()
    for (const one of ['01', '02', '03']) node.hear(zb, verbCode.frame, frame(one))
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb))
    expect(framesOf(node.take()).map(({ payload }) => hex(payload))).toEqual(['01', '02', '03'])
  })

  it('gives up after five seconds, having asked once in a second', () => {
    const node = member()
    node.hear(zb, verbCode.frame, frame('aabb'))
    node.passTo(START + 5_000)
    const outputs = node.take()
    expect(packetsOf(outputs).filter(({ verb }) => verb === verbCode.error)).toHaveLength(5)
    expect(drops(outputs)).toEqual(['not-a-member'])
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb))
    expect(framesOf(node.take())).toEqual([])
  })

  it('holds 16 messages of a sender and 32 in all', () => {
    const node = member()
    for (let i = 0; i < 20; i++) node.hear(zb, verbCode.frame, frame('aa'))
    expect(drops(node.take())).toEqual(Array(4).fill('queue-full'))
    for (let i = 0; i < 16; i++) node.hear(zx, verbCode.frame, frame('bb'))
    for (let i = 0; i < 10; i++) node.hear(root, verbCode.frame, frame('cc'))
    expect(node.state.held).toHaveLength(32)
  })

  it('skips what is shown for another network', () => {
    const node = member()
    const other = issueCom(nobleCrypto, controller, networkId(0x60ca6443ca000001n), zb, START, 1_800_000)
    node.hear(zb, verbCode.networkCredentials, encode(networkCredentials, { ...noCredentials, coms: [other] }))
    expect(node.take()).toEqual([])
  })

  it('keeps out a certificate of another time, and of another identity', () => {
    for (const shown of [credentialsOf(zb, START - 1_800_001), credentialsOf(zx)]) {
      const node = member()
      node.hear(zb, verbCode.networkCredentials, shown)
      node.hear(zb, verbCode.frame, frame('aabb'))
      expect(framesOf(node.take())).toEqual([])
    }
  })

  it('judges anew with a new configuration', () => {
    const node = member()
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb, START - 1_000_000))
    node.hear(zb, verbCode.frame, frame('01'))
    expect(framesOf(node.take())).toHaveLength(1)
    const later = configFor(controller, za, START + 900_000)
    node.hear(controller, verbCode.networkConfig, chunksOf(controller, later, 8n)[0]!)
    node.hear(zb, verbCode.frame, frame('02'))
    expect(framesOf(node.take())).toEqual([])
  })

  it('takes no certificate that the controller did not sign', () => {
    const node = member()
    const forged = issueCom(nobleCrypto, zx, NETWORK, zb, START, 1_800_000)
    const payload = encode(networkCredentials, {
      ...noCredentials,
      coms: [{ ...forged, signedBy: controller.address }],
    })
    node.hear(zb, verbCode.networkCredentials, payload)
    expect(drops(node.take())).toEqual(['bad-credential'])
  })

  it('lets everybody into a public network', () => {
    const node = member({ type: 'public', com: undefined })
    node.hear(zx, verbCode.frame, frame('aabb'))
    expect(framesOf(node.take())).toHaveLength(1)
  })

  it('holds credentials until their signer is known', () => {
    const node = member()
    node.known.delete(controller.address)
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb))
    node.hear(zb, verbCode.frame, frame('aabb'))
    expect(node.take()).toContainEqual({ _tag: 'Whois', address: controller.address })
    node.known.set(controller.address, controller)
    node.give({ _tag: 'Learned', identity: controller })
    expect(framesOf(node.take())).toHaveLength(1)
  })

  it('checks nothing more for a second for whom brings a forged certificate', () => {
    const node = member()
    const forged = issueCom(nobleCrypto, zx, NETWORK, zx, START, 1_800_000)
    const lie = encode(networkCredentials, { ...noCredentials, coms: [{ ...forged, signedBy: controller.address }] })
    node.hear(zb, verbCode.networkCredentials, lie)
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb))
    expect(drops(node.take())).toEqual(['bad-credential', 'rate-limited'])
    node.passTo(START + 1_000)
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb))
    expect(drops(node.take())).toEqual([])
  })

  it('shuts out the revoked and tells the others, but not who told it, nor the signer', () => {
    const node = member()
    for (const one of [zb, zx]) {
      node.hear(one, verbCode.networkCredentials, credentialsOf(one))
      node.hear(one, verbCode.frame, frame('01'))
    }
    node.take()
    const revoked = issueRevocation(nobleCrypto, controller, {
      id: 1,
      network: NETWORK,
      credentialId: 0,
      threshold: BigInt(START),
      flags: 1n,
      target: zb.address,
      type: credentialType.com,
    })
    const payload = encode(networkCredentials, { ...noCredentials, revocations: [revoked] })
    node.hear(controller, verbCode.networkCredentials, payload)
    const told = packetsOf(node.take()).filter(({ verb }) => verb === verbCode.networkCredentials)
    expect(told.map(({ to }) => to).sort()).toEqual([zb.address, zx.address].sort())
    expect(hex(payloadOf(told[0]!))).toBe(`00000000000001${hex(encode(revocation, revoked))}0000`)
    node.hear(zb, verbCode.frame, frame('02'))
    expect(framesOf(node.take())).toEqual([])
    node.hear(zx, verbCode.frame, frame('03'))
    expect(framesOf(node.take())).toHaveLength(1)
  })
})

describe('a member whose own certificate is revoked', () => {
  it('asks its controller at once how things stand', () => {
    const node = member()
    node.passTo(START + 10_000)
    node.take()
    const revoked = issueRevocation(nobleCrypto, controller, {
      id: 2,
      network: NETWORK,
      credentialId: 0,
      threshold: BigInt(START),
      flags: 1n,
      target: za.address,
      type: credentialType.com,
    })
    const payload = encode(networkCredentials, { ...noCredentials, revocations: [revoked] })
    node.hear(controller, verbCode.networkCredentials, payload)
    const asked = packetsOf(node.take()).filter(({ verb }) => verb === verbCode.networkConfigRequest)
    expect(asked.map(({ to }) => to)).toEqual([controller.address])
  })
})

describe('a batch of messages', () => {
  it('becomes one batch of frames for each network', () => {
    const node = member({ type: 'public' })
    const adhoc = networkId(0xff0000ffff000000n)
    node.give({ _tag: 'Join', network: adhoc })
    node.hear(zb, verbCode.frame, frame('00'))
    node.take()
    const payloads = ['60ca6443caa56360080001', 'ff0000ffff00000086dd02', '60ca6443caa56360080003'].map(unhex)
    node.give({ _tag: 'Messages', messages: payloads.map((one) => messageOf(zb, verbCode.frame, one, 1n)) })
    const frames = node.take().flatMap((one) => (one._tag === 'Frames' ? [one] : []))
    expect(frames.map((one) => [one.network, one.frames.map(({ payload }) => hex(payload))])).toEqual([
      [NETWORK, ['01', '03']],
      [adhoc, ['02']],
    ])
  })

  it('gives the same outputs for the same inputs and seed', () => {
    const run = (seed: number) => {
      const node = member({ type: 'public' }, { seed, roots: [root.address] })
      for (const one of [zb, zx, root])
        node.hear(one, verbCode.multicastLike, unhex('60ca6443caa5636001005e00000100000000'))
      const payload = withHeadroom(unhex('01'))
      const to = 0x0100_5e00_0001 as Mac
      node.give({ _tag: 'Frames', network: NETWORK, frames: [{ to, from: macFor(za), etherType: IPV4, payload }] })
      node.passTo(START + 200_000)
      return packetsOf(node.take()).map((one) => [one.to, one.verb, hex(one.data)])
    }
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(3))
  })
})

describe('a frame of the host stack', () => {
  const to = (one: typeof zb, payload = unhex('0102'), etherType = IPV4): Frame => ({
    to: macFor(one),
    from: macFor(za),
    etherType,
    payload: withHeadroom(payload),
  })

  it('goes after the credentials, in the buffer it came in', () => {
    const node = member()
    const given = to(zb)
    node.give({ _tag: 'Frames', network: NETWORK, frames: [given] })
    const packets = packetsOf(node.take())
    expect(packets.map(({ to: peer, verb }) => [peer, verb])).toEqual([
      [zb.address, verbCode.networkCredentials],
      [zb.address, verbCode.frame],
    ])
    expect(packets[1]!.data.buffer).toBe(given.payload.buffer)
    expect(hex(packets[1]!.data)).toBe(`${'00'.repeat(HEADER)}60ca6443caa5636008000102`)
  })

  it('makes one batch of one batch', () => {
    const node = member()
    node.give({ _tag: 'Frames', network: NETWORK, frames: [to(zb), to(zb), to(zx)] })
    const outputs = node.take()
    expect(outputs.map((one) => one._tag)).toEqual(['Send'])
    expect(packetsOf(outputs).map(({ verb }) => verb)).toEqual([
      verbCode.networkCredentials,
      verbCode.frame,
      verbCode.frame,
      verbCode.networkCredentials,
      verbCode.frame,
    ])
  })

  it('is dropped, with the reason, where it cannot go', () => {
    const node = vl2Node({ crypto: nobleCrypto, self: za, known: [controller] })
    node.give({ _tag: 'Frames', network: NETWORK, frames: [to(zb)] })
    node.give({ _tag: 'Join', network: NETWORK })
    node.give({ _tag: 'Frames', network: NETWORK, frames: [to(zb)] })
    expect(drops(node.take())).toEqual(['not-joined', 'no-config'])
    const ready = member()
    const foreign = { ...to(zb), from: 0x0211_2233_4455 as Mac }
    const nowhere = { ...to(zb), to: 0x0011_2233_4455 as Mac }
    const long = to(zb, new Uint8Array(9_990))
    ready.give({ _tag: 'Frames', network: NETWORK, frames: [foreign, nowhere, long] })
    expect(drops(ready.take())).toEqual(['not-a-bridge', 'not-a-member', 'oversized'])
  })

  it('shows credentials again for a new configuration, and when asked to', () => {
    const node = member()
    const pushes = () => packetsOf(node.take()).filter(({ verb }) => verb === verbCode.networkCredentials).length
    node.give({ _tag: 'Frames', network: NETWORK, frames: [to(zb)] })
    expect(pushes()).toBe(1)
    node.passTo(START + 500)
    const config = configFor(controller, za, START + 500)
    node.hear(controller, verbCode.networkConfig, chunksOf(controller, config, 8n)[0]!)
    node.take()
    node.give({ _tag: 'Frames', network: NETWORK, frames: [to(zb)] })
    expect(pushes()).toBe(1)
    const error = unhex('0600000000000000010660ca6443caa56360')
    node.hear(zb, verbCode.error, error)
    expect(pushes()).toBe(0)
    node.passTo(START + 1_501)
    node.hear(zb, verbCode.error, error)
    expect(pushes()).toBe(1)
  })
})

describe('two members that never met', () => {
  const arp = (operation: number, from: typeof za, fromIp: string, to: Mac, toIp: string): Uint8Array =>
    unhex(`0001080006040${operation.toString(16).padStart(3, '0')}${mac(macFor(from))}${fromIp}${mac(to)}${toIp}`)
  const mac = (value: Mac): string => value.toString(16).padStart(12, '0')

  const acquainted = (loses?: (from: Address, to: Address, verb: number) => boolean) => {
    const net = vl2Network(controller, [za, zb], root)
    const [a, b] = [net.nodes.get(za.address)!, net.nodes.get(zb.address)!]
    const ask = (): void =>
      a.give({
        _tag: 'Frames',
        network: NETWORK,
        frames: [
          {
            to: BROADCAST,
            from: macFor(za),
            etherType: ARP,
            payload: withHeadroom(arp(1, za, '0a790001', 0 as Mac, '0a790002')),
          },
        ],
      })
    a.give({ _tag: 'Join', network: NETWORK })
    b.give({ _tag: 'Join', network: NETWORK })
    b.give({ _tag: 'Groups', network: NETWORK, groups: [{ mac: BROADCAST, adi: 0x0a790002 }] })
    net.passTo(START + 50)
    if (loses !== undefined) net.loses = loses
    return { net, a, b, ask }
  }
  const heard = (net: ReturnType<typeof vl2Network>, by: Address): readonly Frame[] =>
    framesOf(net.seen.flatMap(([who, one]) => (who === by ? [one] : [])))

  it('find each other by ARP: gather, multicast, and a reply as a plain frame', () => {
    const { net, b, ask } = acquainted()
    ask()
    net.passTo(START + 100)
    const [question] = heard(net, zb.address)
    expect(question).toMatchObject({ to: BROADCAST, from: macFor(za), etherType: ARP })
    const answer = arp(2, zb, '0a790002', macFor(za), '0a790001')
    b.give({
      _tag: 'Frames',
      network: NETWORK,
      frames: [{ to: macFor(za), from: macFor(zb), etherType: ARP, payload: withHeadroom(answer) }],
    })
    net.passTo(START + 150)
    expect(heard(net, za.address)).toEqual([{ to: macFor(za), from: macFor(zb), etherType: ARP, payload: answer }])
    const between = net.log.filter(({ at, from }) => at >= START + 50 && from !== controller.address)
    expect(between.slice(0, 4).map(({ verb }) => verb)).toEqual([
      verbCode.multicastGather,
      verbCode.multicastGather,
      verbCode.ok,
      verbCode.networkCredentials,
    ])
    expect(between.some(({ verb }) => verb === verbCode.error)).toBe(false)
  })

  it('find each other even if the first credentials are lost', () => {
    let lost = 0
    const { net, ask } = acquainted((from, to, verb) => {
      const now = verb === verbCode.networkCredentials && from === za.address && to === zb.address && lost === 0
      if (now) lost++
      return now
    })
    ask()
    net.passTo(START + 2_500)
    expect(lost).toBe(1)
    expect(heard(net, zb.address)).toHaveLength(1)
  })

  it('meet when the owner of the address joins the group within five seconds', () => {
    const { net, a, b, ask } = acquainted()
    b.give({ _tag: 'Groups', network: NETWORK, groups: [] })
    a.give({ _tag: 'Frames', network: NETWORK, frames: [hello(za, zb)] })
    b.give({ _tag: 'Frames', network: NETWORK, frames: [hello(zb, za)] })
    net.passTo(START + 700_000)
    expect(heard(net, zb.address).map(({ etherType }) => etherType)).toEqual([IPV4])
    ask()
    net.passTo(START + 702_000)
    // zb was heard of by its announcements, so it is told of its new group
    b.give({ _tag: 'Groups', network: NETWORK, groups: [{ mac: BROADCAST, adi: 0x0a790002 }] })
    net.passTo(START + 702_100)
    expect(heard(net, zb.address).map(({ etherType }) => etherType)).toEqual([IPV4, ARP])
  })
})

describe('groups', () => {
  const like = (group: string) => unhex(`60ca6443caa56360${group}`)
  const gather = unhex('60ca6443caa563600001005e00000100000000000000ff')
  const answers = (outputs: readonly Vl2Output[]) => packetsOf(outputs).filter(({ verb }) => verb === verbCode.ok)

  it('lose members who do not repeat that they want them', () => {
    const node = member({ type: 'public' })
    node.hear(zb, verbCode.multicastLike, like('01005e00000100000000'))
    node.hear(zx, verbCode.multicastGather, gather)
    expect(answers(node.take())).toHaveLength(1)
    node.passTo(START + 599_999)
    node.hear(zx, verbCode.multicastGather, gather)
    expect(answers(node.take())).toHaveLength(1)
    node.passTo(START + 600_000)
    node.hear(zx, verbCode.multicastGather, gather)
    expect(answers(node.take())).toEqual([])
    node.passTo(START + 660_000)
    expect(node.state.groups.memberships).toBe(0)
    expect(node.state.groups.groups).toBe(0)
  })

  it('are kept by a root for any network, and told to anybody', () => {
    const node = vl2Node({ crypto: nobleCrypto, self: root, known: [root], roots: [root.address] })
    node.hear(zb, verbCode.multicastLike, like('01005e00000100000000'))
    node.hear(zx, verbCode.multicastGather, gather, 9n)
    const [answer] = answers(node.take())
    expect(hex(payloadOf(answer!))).toBe(
      `0d000000000000000960ca6443caa5636001005e00000100000000${'00000001'}${'0001'}${'89dd1d2eaf'}`,
    )
  })

  it('are kept by a controller for whom it let in lately', () => {
    for (const issued of [true, false]) {
      const node = vl2Node({
        crypto: nobleCrypto,
        self: controller,
        known: [],
        controller: true,
        issued: (network, one) => issued && network === NETWORK && one === zb.address,
      })
      node.hear(zb, verbCode.multicastLike, like('01005e00000100000000'))
      expect(node.state.groups.memberships).toBe(issued ? 1 : 0)
    }
  })

  it('are not kept by anybody else', () => {
    const node = vl2Node({ crypto: nobleCrypto, self: zb, known: [], roots: [root.address] })
    node.hear(zx, verbCode.multicastLike, like('01005e00000100000000'))
    expect([node.state.groups.groups, node.take()]).toEqual([0, []])
  })

  it('of one peer are bounded', () => {
    const node = vl2Node({ crypto: nobleCrypto, self: root, known: [root], roots: [root.address] })
    for (let i = 0; i < 9; i++) {
      const payload = new Uint8Array(500 * 18)
      for (let j = 0; j < 500; j++) {
        writeU64(payload, j * 18, NETWORK)
        payload.set([1, 0, 0x5e, i, j >>> 8, j], j * 18 + 8)
      }
      node.hear(zb, verbCode.multicastLike, payload)
    }
    expect(node.state.groups.memberships).toBe(4_096)
    expect(drops(node.take())).toHaveLength(404)
  })

  it('of the host stack are announced when new, and all of them each minute', () => {
    const node = member({}, { roots: [root.address] })
    node.give({ _tag: 'Groups', network: NETWORK, groups: [{ mac: BROADCAST, adi: 0x0a79002b }] })
    expect(packetsOf(node.take()).map((one) => [one.to, hex(payloadOf(one))])).toEqual([
      [root.address, '60ca6443caa56360ffffffffffff0a79002b'],
      [controller.address, '60ca6443caa56360ffffffffffff0a79002b'],
    ])
    node.give({ _tag: 'Groups', network: NETWORK, groups: [{ mac: BROADCAST, adi: 0x0a79002b }] })
    expect(node.take()).toEqual([])
    node.passTo(START + 10_000)
    node.take() // news is repeated, see below
    node.passTo(START + 60_000)
    const all = packetsOf(node.take()).filter(({ verb }) => verb === verbCode.multicastLike)
    expect(all.map(({ to }) => to)).toEqual([root.address, controller.address])
    expect(hex(payloadOf(all[0]!))).toBe('60ca6443caa56360ffffffffffff0000000060ca6443caa56360ffffffffffff0a79002b')
  })

  it('are announced twice more within seconds, since nobody confirms them', () => {
    const node = member({}, { roots: [root.address] })
    node.passTo(START + 30_000)
    node.take()
    node.give({ _tag: 'Groups', network: NETWORK, groups: [{ mac: BROADCAST, adi: 0x0a79002b }] })
    node.take()
    const told = (): number => packetsOf(node.take()).filter(({ verb }) => verb === verbCode.multicastLike).length
    node.passTo(START + 30_999)
    expect(told()).toBe(0)
    node.passTo(START + 31_000)
    expect(told()).toBe(2)
    node.passTo(START + 35_000)
    expect(told()).toBe(2)
    node.passTo(START + 59_000)
    expect(told()).toBe(0)
  })

  it('queue 32 frames for members still to be found, and no more', () => {
    const node = member()
    const frames: Frame[] = Array.from({ length: 40 }, (_, i) => ({
      to: 0x0100_5e00_0001 as Mac,
      from: macFor(za),
      etherType: IPV4,
      payload: withHeadroom(Uint8Array.of(i)),
    }))
    node.give({ _tag: 'Frames', network: NETWORK, frames })
    node.take()
    expect(node.state.outgoing).toHaveLength(32)
    node.hear(zb, verbCode.networkCredentials, credentialsOf(zb))
    node.hear(zb, verbCode.multicastLike, like('01005e00000100000000'))
    const copies = packetsOf(node.take()).filter(({ verb }) => verb === verbCode.multicastFrame)
    expect(copies.map((one) => payloadOf(one).at(-1))).toEqual(Array.from({ length: 32 }, (_, i) => i + 8))
    node.passTo(START + 5_000)
    expect(node.state.outgoing).toEqual([])
  })
})
