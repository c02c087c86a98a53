import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Identity, printIdentity } from '../../../src/protocol/crypto/identity.ts'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address, type NetworkId, networkId } from '../../../src/protocol/kernel/id.ts'
import { decodeConfig } from '../../../src/protocol/network/config-dictionary.ts'
import { hasIssued } from '../../../src/protocol/network/controller.ts'
import { explainControllerError } from '../../../src/protocol/network/controller-error.ts'
import type { NetworkChange } from '../../../src/protocol/network/controller-io.ts'
import { com, comTimestamp, verifyCom } from '../../../src/protocol/network/credential/com.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { nobleCrypto as crypto } from '../../../src/streams/io/crypto-noble.ts'
import { configIn, errorsTo, host, metadata, NETWORK, only, packets, pools, START, targetsTold } from './hosting.ts'
import { controllerNode, memberNode, nodeWith, otherNode } from './nodes.ts'

let c: ReturnType<typeof host>
beforeEach(() => {
  c = host()
})

describe('a request', () => {
  it('for a network that does not exist is told so', () => {
    expect(errorsTo(c.ask(memberNode), memberNode)).toEqual([3])
  })

  it('of a stranger to a private network is denied, and shown for approval', () => {
    c.create()
    c.ask(memberNode)
    expect(errorsTo(c.last, memberNode)).toEqual([7])
    expect(only(c.last, 'Denied')).toEqual([
      { _tag: 'Denied', network: NETWORK, member: memberNode.address, error: 7, at: c.now },
    ])
    expect(only(c.last, 'MemberChanged')[0]?.record).toMatchObject({ authorized: false, address: '1a02b166b2' })
  })

  it('that repeats one within a second is not answered', () => {
    c.create()
    c.ask(memberNode)
    c.now -= 200
    expect(c.ask(memberNode)).toEqual([
      { _tag: 'Drop', reason: 'rate-limited', network: NETWORK, peer: memberNode.address },
    ])
  })

  it('changes nothing in storage when it repeats one that was denied', () => {
    c.create()
    c.ask(memberNode)
    expect(only(c.ask(memberNode), 'MemberChanged')).toEqual([])
  })

  it('under another identity of the same address is denied and changes nothing', () => {
    c.create({ private: false })
    c.ask(memberNode)
    const impostor = nodeWith(memberNode.address, 666)
    c.ask(impostor)
    expect(errorsTo(c.last, impostor)).toEqual([7])
    expect(only(c.last, 'Drop')).toMatchObject([{ reason: 'wrong-identity' }])
    expect(only(c.last, 'MemberChanged')).toEqual([])
  })

  it('for a network of another controller is ignored', () => {
    const request = { network: networkId(0x8056c2e21c000001n), member: memberNode, metadata: metadata() }
    c.do({ _tag: 'Request', request: { ...request, packetId: 1n, via: undefined } })
    expect(c.last).toMatchObject([{ _tag: 'Drop', reason: 'not-ours' }])
  })

  it('to a public network is granted, in the OK to its packet', () => {
    c.create({ private: false, ...pools })
    c.ask(memberNode)
    expect(packets(c.last)).toMatchObject([{ to: memberNode.address, verb: verbCode.ok, compress: true }])
    const config = configIn(c.last, memberNode)!
    expect(config).toMatchObject({ networkId: NETWORK, issuedTo: memberNode.address, type: 'public' })
    expect(config.staticIps).toHaveLength(1)
    const certificate = decode(com, config.com!)
    expect(E.isRight(certificate) && verifyCom(crypto, () => controllerNode, certificate.right)).toBe('valid')
    expect(only(c.last, 'Granted')).toMatchObject([{ member: memberNode.address, ips: [config.staticIps[0]!.address] }])
  })

  it('with a token that is valid lets its sender in for good', () => {
    c.create({ authTokens: { ever: 0, past: START - 1 } })
    expect(configIn(c.ask(memberNode, 'token:past'), memberNode)).toBeUndefined()
    expect(configIn(c.ask(memberNode, 'token:ever'), memberNode)).toBeDefined()
    expect(configIn(c.ask(memberNode), memberNode)).toBeDefined()
    expect(only(c.ask(otherNode, 'token:toString'), 'Denied')).toHaveLength(1)
  })

  it('never makes the controller throw, whatever its metadata', () => {
    c.create({ private: false, ...pools })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        c.now += 2_000
        const request = { network: NETWORK, member: memberNode, metadata: bytes, packetId: 5n, via: undefined }
        expect(configIn(c.do({ _tag: 'Request', request }), memberNode)).toBeDefined()
      }),
      { numRuns: 10 },
    )
  })

  it('of the node itself is answered without a packet', () => {
    c.create()
    c.ask(controllerNode)
    expect(only(c.last, 'Refused')).toEqual([{ _tag: 'Refused', network: NETWORK, error: 7 }])
    c.authorize(controllerNode)
    const [configured] = only(c.last, 'Configured')
    expect(decodeConfig(configured!.dictionary)).toMatchObject(E.right({ issuedTo: controllerNode.address }))
    expect(packets(c.last)).toEqual([])
  })

  describe('of a stranger, while 4096 wait for approval,', () => {
    const stranger = (i: number): Identity => ({ address: address(i), publicKey: memberNode.publicKey })
    const isKnown = (i: number): boolean => c.state.networks.get(NETWORK)!.members.has(address(i))

    it('takes the place of the one that asked longest ago, whom the store forgets', () => {
      c.create()
      for (let i = 1; i <= 4_096; i++) c.ask(stranger(i))
      c.ask(stranger(1))
      expect(only(c.ask(memberNode), 'Denied')).toMatchObject([{ member: memberNode.address }])
      expect(only(c.last, 'MemberChanged')).toMatchObject([
        { member: address(2), record: undefined },
        { member: memberNode.address },
      ])
      expect([isKnown(1), isKnown(2), isKnown(3)]).toEqual([true, false, true])
      // who was pushed out asks again, and is there again
      c.ask(stranger(2))
      expect([isKnown(2), isKnown(3)]).toEqual([true, false])
      expect(c.state.networks.get(NETWORK)).toMatchObject({ waiting: 4_096, members: { size: 4_096 } })
    })

    it('is not remembered where the owner of the network has touched each of them', () => {
      c.create()
      for (let i = 1; i <= 4_096; i++) {
        if (i % 2 === 0) c.ask(stranger(i))
        // a name, before or after the member asks
        c.do({ _tag: 'UpdateMember', network: NETWORK, member: address(i), change: { name: `${i}` } })
        if (i % 2 === 1) c.ask(stranger(i))
      }
      expect(only(c.ask(memberNode), 'Drop')).toMatchObject([{ reason: 'table-full' }])
      // one is let in: there is room for one
      c.authorize(stranger(7))
      expect(only(c.ask(memberNode), 'Denied')).toHaveLength(1)
      expect(isKnown(8)).toBe(true)
    })

    it('does not push out who was a member, and is none now', () => {
      c.create()
      c.authorize(stranger(1))
      c.do({ _tag: 'Deauthorize', network: NETWORK, member: address(1) })
      for (let i = 2; i <= 4_100; i++) c.ask(stranger(i))
      expect(isKnown(1)).toBe(true)
      expect([2, 3, 4, 5, 6, 7].map(isKnown)).toEqual([false, false, false, false, true, true])
    })
  })
})

describe('authorization', () => {
  it('sends the configuration at once to a member that was refused before', () => {
    c.create(pools)
    c.ask(memberNode)
    c.authorize(memberNode)
    expect(packets(c.last)).toMatchObject([{ to: memberNode.address, verb: verbCode.networkConfig }])
    expect(configIn(c.last, memberNode)?.staticIps).toHaveLength(1)
  })

  it('gives the IPs and the name that it is told to', () => {
    c.create(pools)
    c.ask(memberNode)
    c.authorize(memberNode, { ips: ['10.0.0.77'], name: 'printer' })
    expect(configIn(c.last, memberNode)?.staticIps).toEqual([{ address: '10.0.0.77', bits: 24 }])
    expect(only(c.last, 'MemberChanged')[0]?.record).toMatchObject({ name: 'printer', authorized: true })
  })

  it('of a member that never asked waits for it', () => {
    c.create(pools)
    c.authorize(memberNode)
    expect(packets(c.last)).toEqual([])
    expect(configIn(c.ask(memberNode), memberNode)).toBeDefined()
  })

  it('never gives one address to two members', () => {
    c.create({ ...pools, private: false, ipAssignmentPools: [{ ipRangeStart: '10.0.0.1', ipRangeEnd: '10.0.0.5' }] })
    const given = Array.from({ length: 6 }, (_, i) => {
      const node = nodeWith(0x1000 + i, 1)
      return configIn(c.ask(node), node)!.staticIps.map((ip) => ip.address)
    }).flat()
    expect(given).toHaveLength(4)
    expect(new Set(given).size).toBe(4)
  })

  it('frees the address of a member that is deleted', () => {
    c.create({ ...pools, private: false, ipAssignmentPools: [{ ipRangeStart: '10.0.0.9', ipRangeEnd: '10.0.0.9' }] })
    expect(configIn(c.ask(memberNode), memberNode)!.staticIps).toHaveLength(1)
    expect(configIn(c.ask(otherNode), otherNode)!.staticIps).toHaveLength(0)
    c.do({ _tag: 'DeleteMember', network: NETWORK, member: memberNode.address })
    expect(configIn(c.ask(otherNode), otherNode)!.staticIps).toHaveLength(1)
  })

  it('given to a member that was deleted while it is online reaches it at once, as any change does', () => {
    c.create()
    c.ask(memberNode)
    c.authorize(memberNode)
    c.do({ _tag: 'DeleteMember', network: NETWORK, member: memberNode.address })
    expect(targetsTold(c.last, memberNode)).toEqual([memberNode.address])
    c.authorize(memberNode)
    expect(configIn(c.last, memberNode)).toBeDefined()
    expect(only(c.last, 'MemberChanged').at(-1)?.record?.identity).toBe(printIdentity(memberNode))
  })

  it('taken back is told to everybody, and to the member why', () => {
    c.create({ private: false })
    c.ask(memberNode)
    c.ask(otherNode)
    c.do({ _tag: 'UpdateNetwork', network: NETWORK, change: { private: true } })
    c.do({ _tag: 'Deauthorize', network: NETWORK, member: memberNode.address })
    expect(targetsTold(c.last, memberNode)).toEqual([memberNode.address])
    expect(targetsTold(c.last, otherNode)).toEqual([memberNode.address])
    expect(errorsTo(c.last, memberNode)).toEqual([7])
    expect(errorsTo(c.ask(memberNode), memberNode)).toEqual([7])
  })

  it('given again makes a certificate that the revocation does not cover', () => {
    c.create()
    c.ask(memberNode)
    c.authorize(memberNode)
    c.do({ _tag: 'Deauthorize', network: NETWORK, member: memberNode.address })
    const revokedAt = c.now
    c.now += 1
    const certificate = decode(com, configIn(c.authorize(memberNode), memberNode)!.com!)
    expect(E.isRight(certificate) && comTimestamp(certificate.right)).toBe(BigInt(revokedAt + 1))
  })

  it('lets a member use groups here for three minutes after each configuration', () => {
    c.create({ private: false })
    c.ask(memberNode)
    expect(hasIssued(c.state, NETWORK, memberNode.address, c.now + 180_000)).toBe(true)
    expect(hasIssued(c.state, NETWORK, memberNode.address, c.now + 180_001)).toBe(false)
    expect(hasIssued(c.state, NETWORK, otherNode.address, c.now)).toBe(false)
  })
})

describe('a change of the network', () => {
  it('reaches every member that is online, a few at a time', () => {
    c.create({ private: false })
    const nodes = Array.from({ length: 20 }, (_, i) => nodeWith(0x2000 + i, 1))
    for (const node of nodes) c.ask(node)
    c.do({ _tag: 'UpdateNetwork', network: NETWORK, change: { mtu: 1400 } })
    expect(packets(c.last).length).toBeLessThan(20)
    const all = [...c.last, ...c.settle()]
    for (const node of nodes) expect(configIn(all, node)).toMatchObject({ mtu: 1400, revision: 2n })
    expect(c.settle()).toEqual([])
  })

  it('does not reach members that have not asked for two minutes', () => {
    c.create({ private: false })
    c.ask(memberNode)
    c.now += 120_001
    c.do({ _tag: 'UpdateNetwork', network: NETWORK, change: { mtu: 1400 } })
    expect([...packets(c.last), ...packets(c.settle())]).toEqual([])
  })

  it('that changes nothing is neither stored nor sent', () => {
    c.create({ private: false, mtu: 1400 })
    c.ask(memberNode)
    expect(c.do({ _tag: 'UpdateNetwork', network: NETWORK, change: { mtu: 1400 } })).toEqual([])
  })

  it('too large for one packet arrives in chunks', () => {
    const rule = { type: 'MATCH_IPV6_SOURCE', ip: 'fd00::1/64' }
    c.create({ private: false, rules: Array.from({ length: 1_000 }, () => rule) })
    c.ask(memberNode)
    expect(packets(c.last).length).toBeGreaterThan(1)
    expect(configIn(c.last, memberNode)?.rules.length).toBe(19_000)
  })

  it('from private to public lets in who is waiting', () => {
    c.create()
    c.ask(memberNode)
    c.do({ _tag: 'UpdateNetwork', network: NETWORK, change: { private: false } })
    expect(configIn(c.last, memberNode)?.type).toBe('public')
  })

  it('that deletes it revokes everybody and says that it is gone', () => {
    c.create({ private: false })
    c.ask(memberNode)
    c.ask(otherNode)
    c.do({ _tag: 'DeleteNetwork', network: NETWORK })
    expect([...targetsTold(c.last, memberNode)].sort()).toEqual([memberNode.address, otherNode.address].sort())
    expect(errorsTo(c.last, memberNode)).toEqual([3])
    expect(only(c.last, 'NetworkChanged')).toMatchObject([{ record: undefined }])
    expect(errorsTo(c.ask(memberNode), memberNode)).toEqual([3])
  })
})

describe('storage', () => {
  it('gives back a controller that knows what it knew', () => {
    c.create({ ...pools, private: false, tags: [{ id: 1, default: 7 }], authTokens: { t: 0 }, name: 'office' })
    const before = configIn(c.ask(memberNode), memberNode)!
    const stored = (value: unknown) => JSON.parse(JSON.stringify(value))
    const network = c.state.networks.get(NETWORK)!
    const again = host()
    again.do({
      _tag: 'Restore',
      network: stored(network.record),
      members: [...network.members.values()].map((member) => stored(member.record)),
    })
    again.now = c.now
    const after = configIn(again.ask(memberNode), memberNode)!
    expect(after.staticIps).toEqual(before.staticIps)
    expect(again.state.networks.get(NETWORK)!.record).toEqual(network.record)
    expect(errorsTo(again.ask(nodeWith(memberNode.address, 666)), memberNode)).toEqual([7])
  })

  it('may hold anything without making the controller throw', () => {
    const fields = [
      ...['mtu', 'multicastLimit', 'rules', 'routes', 'tags', 'capabilities', 'dns', 'authTokens', 'ipAssignmentPools'],
      ...['certificateTimeoutWindowSize', 'remoteTraceLevel', 'remoteTraceTarget', 'v4AssignMode', 'v6AssignMode'],
      ...['revision', 'identity', 'ipAssignments', 'authorized', 'name', 'ssoEnabled'],
    ]
    const record = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue())
    fc.assert(
      fc.property(record, record, (network, member) => {
        const one = host()
        one.do({
          _tag: 'Restore',
          network: JSON.parse(JSON.stringify({ ...network, nwid: '60ca6443ca123456', private: false })),
          members: [JSON.parse(JSON.stringify({ ...member, address: '1a02b166b2' }))],
        })
        expect(one.ask(memberNode).length).toBeGreaterThan(0)
      }),
      { numRuns: 40 },
    )
  })

  it('of another controller is held, and what has no ID is not', () => {
    c.do({ _tag: 'Restore', network: { nwid: '8056c2e21c000001', name: 'theirs' }, members: [] })
    expect(c.last).toEqual([])
    c.do({ _tag: 'Restore', network: { nwid: 'x' }, members: [] })
    expect(c.last).toMatchObject([{ _tag: 'Rejected', error: { _tag: 'BadValue', field: 'nwid', found: 'x' } }])
  })
})

describe('a command', () => {
  const bad: readonly (readonly [field: string, change: NetworkChange])[] = [
    ['name', { name: 'ü'.repeat(64) }],
    ['mtu', { mtu: 1279 }],
    ['multicastLimit', { multicastLimit: -1 }],
    ['certificateTimeoutWindowSize', { certificateTimeoutWindowSize: 1 }],
    ['remoteTraceTarget', { remoteTraceTarget: 'xyz' }],
    ['routes[1].target', { routes: [{ target: '10.0.0.0/8' }, { target: '10.0.0.0/33' }] }],
    ['routes[0].target', { routes: [{ target: '10.0.0.0' }] }],
    ['routes[0].via', { routes: [{ target: '10.0.0.0/8', via: 'fd00::1' }] }],
    ['routes', { routes: Array.from({ length: 129 }, () => ({ target: '10.0.0.0/8' })) }],
    ['ipAssignmentPools[0].ipRangeStart', { ipAssignmentPools: [{ ipRangeStart: '10.0.0', ipRangeEnd: '10.0.0.9' }] }],
    ['ipAssignmentPools[0].ipRangeEnd', { ipAssignmentPools: [{ ipRangeStart: '10.0.0.9', ipRangeEnd: '10.0.0.1' }] }],
    ['ipAssignmentPools[0].ipRangeEnd', { ipAssignmentPools: [{ ipRangeStart: '10.0.0.9', ipRangeEnd: 'fd00::1' }] }],
    ['rules[0].type', { rules: [{ type: 'ACTION_DANCE' }] }],
    ['capabilities[0].rules[0].type', { capabilities: [{ id: 1, rules: [{}] }] }],
    ['tags[0].id', { tags: [{ id: -1 }] }],
    ['authTokens', { authTokens: { t: -1 } }],
    ['dns.servers[0]', { dns: { domain: 'x', servers: ['nine'] } }],
  ]
  it.each(bad)('with a bad %s is rejected, names it, and changes nothing', (field, change) => {
    c.create()
    const revision = c.state.networks.get(NETWORK)!.record.revision
    c.do({ _tag: 'UpdateNetwork', network: NETWORK, change })
    expect(c.last).toMatchObject([{ _tag: 'Rejected', error: { _tag: 'BadValue', field } }])
    expect(explainControllerError(only(c.last, 'Rejected')[0]!.error)).toContain(`${field} cannot be "`)
    expect(c.state.networks.get(NETWORK)!.record.revision).toBe(revision)
  })

  it('for an unknown network or member says which', () => {
    const unknown = networkId((BigInt(controllerNode.address) << 24n) | 9n)
    c.create()
    c.do({ _tag: 'DeleteNetwork', network: unknown })
    expect(only(c.last, 'Rejected').map((one) => explainControllerError(one.error))).toEqual([
      'network 60ca6443ca000009 does not exist on this controller — create it first',
    ])
    c.do({ _tag: 'Deauthorize', network: NETWORK, member: memberNode.address })
    expect(c.last).toMatchObject([{ error: { _tag: 'UnknownMember', member: memberNode.address } }])
  })

  it.each([
    ['is no address', '10.0.0', /IP address/],
    ['no route contains', '192.168.0.1', /route/],
    ['another member has', '10.0.0.7', /another member/],
  ])('that assigns an IP which %s is rejected', (_why, ip, cure) => {
    c.create(pools)
    c.authorize(otherNode, { ips: ['10.0.0.7'] })
    c.authorize(memberNode, { ips: [ip] })
    const [rejected] = only(c.last, 'Rejected')
    expect(rejected?.error).toMatchObject({ _tag: 'BadValue', field: 'ipAssignments[0]', found: ip })
    expect(explainControllerError(rejected!.error)).toMatch(cure)
    expect(c.state.networks.get(NETWORK)!.members.has(memberNode.address)).toBe(false)
  })

  it('creates networks with numbers of their own, and none twice', () => {
    const ids = new Set<NetworkId>()
    for (let i = 0; i < 50; i++)
      for (const { network } of only(c.do({ _tag: 'CreateNetwork', change: {} }), 'Created')) ids.add(network)
    expect(ids.size).toBe(50)
    expect([...ids].every((id) => id >> 24n === BigInt(controllerNode.address))).toBe(true)
    c.create()
    c.create()
    expect(c.last).toMatchObject([{ _tag: 'Rejected', error: { _tag: 'NetworkExists' } }])
  })
})
