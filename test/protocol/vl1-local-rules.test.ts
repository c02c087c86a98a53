import { describe, expect, it } from 'vitest'
import { parseIp } from '../../src/protocol/kernel/ip.ts'
import { cipherOf, isFragmentedHead, trustedPathOf } from '../../src/protocol/packet/header.ts'
import { BEACON_GATE } from '../../src/protocol/peer/beacon.ts'
import type { Prefix } from '../../src/protocol/peer/endpoint.ts'
import {
  type LocalRules,
  MOST_TRUSTED,
  mtuAt,
  noRules,
  problemIn,
  trustedAt,
} from '../../src/protocol/peer/local-rules.ts'
import { echo } from '../../src/protocol/verb/echo.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { peersOf } from '../../src/protocol/vl1.ts'
import { B, handDriven } from './vl1-hand.ts'
import { identityOf, makeWorld, rootAt, text, World1 } from './vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])
const prefix = (text: string): Prefix => {
  const [ip, bits] = text.split('/') as [string, string]
  return { address: parseIp(ip)!, bits: Number(bits) }
}
const rules = (some: Partial<LocalRules>): { readonly rules: LocalRules } => ({ rules: { ...noRules, ...some } })
const aboutB = (some: { readonly endpoints?: readonly string[]; readonly blacklist?: readonly string[] }) =>
  rules({
    peers: new Map([
      [
        zb.address,
        {
          endpoints: (some.endpoints ?? []).map((one) => ({
            address: one.split('/')[0]!,
            port: Number(one.split('/')[1]),
          })),
          blacklist: (some.blacklist ?? []).map(prefix),
        },
      ],
    ]),
  })

/** A root and two nodes, with rules of their own. */
const three = (ofA: object, ofB: object) => {
  const net = new World1()
  net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet, ...ofA })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet, ...ofB })
  net.run(100)
  net.send(a, b, verbCode.userMessage, text('meet'))
  net.run(200)
  return { net, a, b }
}

describe('a trusted path', () => {
  const trusted = rules({ trusted: [{ prefix: prefix('10.0.0.2/31'), id: 0x1_0000_0002n }] })

  it('carries packets in the clear between nodes that have the same ID for it', () => {
    const { net, a, b } = three(trusted, trusted)
    const before = net.wire.length
    for (const message of ['in the clear', 'x'.repeat(4_000)]) net.send(a, b, verbCode.userMessage, text(message))
    net.run(50)
    expect(net.texts(b).map((one) => one.length)).toEqual([4, 12, 4_000])
    const [plain, head] = net.wire.slice(before).filter(({ data }) => cipherOf(data) === 2 && data[13] !== 0xff)
    expect(trustedPathOf(plain!.data)).toBe(0x1_0000_0002n)
    expect(new TextDecoder().decode(plain!.data.subarray(28))).toBe('in the clear')
    expect(isFragmentedHead(head!.data)).toBe(true)
    expect(net.link(a, b)).toBe('direct')
    expect(peersOf(a.state).get(b.identity.address)!.paths[0]!.trustedPathId).toBe(0x1_0000_0002n)
  })

  it('is still greeted under suite 0, and its replies count', () => {
    const { net, a, b } = three(trusted, trusted)
    net.send(a, b, verbCode.frame, text('active'))
    net.send(b, a, verbCode.frame, text('active'))
    net.run(600_000)
    expect(net.link(a, b)).toBe('direct')
    const between = net.wire.filter(({ from, to, ttl }) => !`${from} ${to}`.includes('10.0.0.1/') && ttl === undefined)
    expect(new Set(between.map(({ data }) => cipherOf(data)))).toEqual(new Set([0, 2]))
    expect(net.drops(a).concat(net.drops(b))).toEqual([])
  })

  it('is one only for who has a rule for the place the packet came from', () => {
    for (const other of [{}, rules({ trusted: [{ prefix: prefix('10.9.0.0/24'), id: 0x1_0000_0002n }] })]) {
      const { net, a, b } = three(trusted, other)
      net.send(a, b, verbCode.userMessage, text('in the clear'))
      net.run(50)
      expect(net.texts(b)).toEqual(['meet'])
      expect(new Set(net.drops(b))).toEqual(new Set(['trusted-path']))
    }
  })

  it('is none between nodes that have two IDs for it: they talk by the relay', () => {
    const { net, a, b } = three(trusted, rules({ trusted: [{ prefix: prefix('10.0.0.2/31'), id: 2n }] }))
    net.send(a, b, verbCode.userMessage, text('sealed'))
    net.run(50)
    expect(net.texts(b)).toEqual(['meet', 'sealed'])
    expect(net.link(a, b)).toBe('relay')
    expect(new Set(net.drops(b))).toEqual(new Set(['trusted-path']))
  })

  it('makes nobody of a stranger', () => {
    const { net, a, b } = handDriven(trusted)
    b.sayTrusted(verbCode.userMessage, echo, { data: new Uint8Array(9) }, 2)
    net.run(10)
    expect(a.messages).toEqual([])
    expect(net.drops(a)).toEqual(['trusted-path']) // the ID has 33 bits
  })

  it('stands beside others: sealed packets are opened as ever', () => {
    const { a, b } = handDriven(rules({ trusted: [{ prefix: prefix('10.0.0.3/32'), id: 2n }] }))
    b.hello()
    b.sayTrusted(verbCode.userMessage, echo, { data: text('12345678 clear') }, 2)
    b.say(verbCode.userMessage, echo, { data: text('12345678 sealed') })
    b.say(verbCode.userMessage, echo, { data: text('12345678 forged') }, B, 1)[0]!
    expect(a.messages.map(({ payload }) => new TextDecoder().decode(payload))).toEqual([
      '12345678 clear',
      '12345678 sealed',
      '12345678 forged',
    ])
  })

  it('with the longest prefix counts', () => {
    const two = {
      ...noRules,
      trusted: [
        { prefix: prefix('10.0.0.0/8'), id: 8n },
        { prefix: prefix('10.1.0.0/16'), id: 16n },
      ],
    }
    expect(trustedAt(two, parseIp('10.1.2.3'))).toEqual([
      { high: 0, low: 16 },
      { high: 0, low: 8 },
    ])
    expect(trustedAt(two, parseIp('10.2.2.3'))).toEqual([{ high: 0, low: 8 }])
    expect(trustedAt(two, parseIp('fd00::1'))).toEqual([])
  })
})

describe('the MTU of a path', () => {
  const large = rules({ mtu: [{ prefix: prefix('10.0.0.0/24'), mtu: 9_000 }] })

  it('is that of the longest prefix that fits', () => {
    const some = {
      ...noRules,
      mtu: [
        { prefix: prefix('10.0.0.0/8'), mtu: 9_000 },
        { prefix: prefix('10.1.0.0/16'), mtu: 1_400 },
      ],
      trusted: [{ prefix: prefix('10.1.1.0/24'), id: 1n, mtu: 2_000 }],
    }
    expect(['10.9.9.9', '10.1.9.9', '10.1.1.9', '9.9.9.9'].map((ip) => mtuAt(some, parseIp(ip)))).toEqual([
      9_000, 1_400, 2_000, 1_432,
    ])
  })

  it('is how large datagrams get', () => {
    const { net, a, b } = three(large, {})
    net.send(a, b, verbCode.userMessage, text('x'.repeat(9_900)))
    net.send(b, a, verbCode.userMessage, text('y'.repeat(2_000)))
    net.run(50)
    expect(net.texts(b).at(-1)).toHaveLength(9_900)
    expect(net.texts(a)).toEqual(['y'.repeat(2_000)])
    const sizes = (from: string): number =>
      Math.max(...net.wire.filter((one) => one.from === from).map(({ data }) => data.length))
    expect([sizes('10.0.0.2/9993'), sizes('10.0.0.3/9993')]).toEqual([9_000, 1_432])
  })

  it('bounds what can be sent', () => {
    const { net, a, b } = three({}, {})
    net.send(a, b, verbCode.userMessage, text('x'.repeat(9_901)))
    expect(net.drops(a)).toEqual(['oversized'])
    expect(net.texts(b)).toEqual(['meet'])
  })
})

describe('static hints', () => {
  it('lead to a peer without a path, with a HELLO every 30 s while something is to be sent', () => {
    const { net, a, b } = handDriven(aboutB({ endpoints: ['10.7.0.1/77', '127.0.0.1/1'] }))
    b.hello()
    for (let i = 0; i < 70; i++) {
      net.send(a, { identity: zb } as never, verbCode.userMessage, text('where are you?'))
      net.run(1_000)
    }
    const tried = b.contacts('10.7.0.1/77').map(({ at }) => at)
    expect(tried).toHaveLength(3)
    expect(tried[1]! - tried[0]!).toBeGreaterThanOrEqual(30_000)
    expect(b.contacts('127.0.0.1/1')).toEqual([])
  })

  it('are not needed where a path leads', () => {
    const { net, a, b } = three(aboutB({ endpoints: ['10.7.0.1/77'] }), {})
    const before = net.wire.filter(({ to }) => to === '10.7.0.1/77').length
    for (let i = 0; i < 70; i++) {
      net.send(a, b, verbCode.frame, text('here'))
      net.send(b, a, verbCode.frame, text('here'))
      net.run(1_000)
    }
    expect(net.wire.filter(({ to }) => to === '10.7.0.1/77').length).toBe(before)
    expect(before).toBe(1)
  })
})

describe('a blacklist', () => {
  it('of all peers, or of one, keeps a path from being learned', () => {
    for (const config of [rules({ blacklist: [prefix('10.0.0.3/32')] }), aboutB({ blacklist: ['10.0.0.0/30'] })]) {
      const { net, a, b } = three(config, {})
      expect(net.link(a, b)).toBe('relay')
      expect(net.texts(b)).toEqual(['meet'])
    }
  })
})

describe('joined networks', () => {
  it('take the paths inside of them away from those who have them', () => {
    const { net, a, b } = three({}, {})
    expect(net.link(a, b)).toBe('direct')
    const managed = { _tag: 'Managed', prefixes: [prefix('10.0.0.3/32')] } as const
    net.give(a, managed)
    expect(net.link(a, b)).toBe('relay')
    expect(net.changes(a, b).slice(-2)).toEqual(['path-removed', 'relay'])
    net.give(a, managed)
    net.give(a, { _tag: 'Managed', prefixes: [] })
    net.send(a, b, verbCode.userMessage, text('again'))
    net.run(35_000)
    net.send(a, b, verbCode.userMessage, text('again'))
    net.run(500)
    expect(net.link(a, b)).toBe('direct')
  })
})

describe('a beacon of the LAN', () => {
  const beacon = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, ...addressBytes(zb.address))
  it('of a peer is answered with a NOP, once in 2.5 s', () => {
    const { net, a, b } = handDriven()
    net.inject(a, B, beacon.slice())
    expect(net.drops(a)).toEqual(['unknown-peer'])
    b.hello()
    b.answer(b.contacts()[0]!)
    const before = net.wire.length
    for (let i = 0; i < 10; i++) {
      net.inject(a, B, beacon.slice())
      net.run(BEACON_GATE / 10)
    }
    expect(net.wire.slice(before).filter(({ to, data }) => to === B && data.length === 28)).toHaveLength(1)
    expect(net.drops(a).filter((reason) => reason === 'rate-limited')).toHaveLength(9)
    net.inject(a, B, beacon.slice())
    net.inject(a, '127.0.0.1/9', beacon.slice())
    expect(net.wire.slice(before).filter(({ to, data }) => to === B && data.length === 28)).toHaveLength(2)
    expect(net.drops(a).at(-1)).toBe('untrusted')
  })
})

describe('rules', () => {
  it('that cannot be are refused, with what is wrong', () => {
    const many = Array.from({ length: MOST_TRUSTED + 1 }, () => ({ prefix: prefix('10.0.0.0/8'), id: 1n }))
    const bad: readonly (readonly [Partial<LocalRules>, string])[] = [
      [{ trusted: many }, 'TooMany'],
      [{ trusted: [{ prefix: prefix('10.0.0.0/8'), id: 0n }] }, 'BadId'],
      [{ trusted: [{ prefix: prefix('10.0.0.0/8'), id: 1n << 64n }] }, 'BadId'],
      [{ trusted: [{ prefix: { address: new Uint8Array(5), bits: 1 }, id: 1n }] }, 'BadPrefix'],
      [{ blacklist: [prefix('10.0.0.0/33')] }, 'BadPrefix'],
      [{ mtu: [{ prefix: prefix('10.0.0.0/8'), mtu: 1_399 }] }, 'BadMtu'],
      [{ mtu: [{ prefix: prefix('10.0.0.0/8'), mtu: 10_325 }] }, 'BadMtu'],
      [aboutB({ endpoints: ['10.0.0.1/0'] }).rules, 'BadEndpoint'],
      [aboutB({ blacklist: ['fd00::/129'] }).rules, 'BadPrefix'],
    ]
    for (const [some, tag] of bad) expect(problemIn({ ...noRules, ...some })).toMatchObject({ _tag: tag })
    expect(problemIn({ ...noRules, trusted: many.slice(1) })).toBeUndefined()
  })

  it('are void as a whole if anything is wrong with them', () => {
    const { a } = handDriven(
      rules({ trusted: [{ prefix: prefix('10.0.0.0/8'), id: 0n }], blacklist: [prefix('10.0.0.0/8')] }),
    )
    expect(a.state.rules).toBe(noRules)
  })
})

function addressBytes(address: number): readonly number[] {
  return [32, 24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) & 0xff)
}
