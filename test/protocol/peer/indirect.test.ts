import { describe, expect, it } from 'vitest'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { handDriven } from '../vl1-hand.ts'
import { type Host, identityOf, makeWorld, rootAt, text, World1 } from '../vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const ROOT = '10.0.0.1/9993'
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, ROOT)])

/** The reasons told about a peer, in order; `direct` for none. */
const reasons = (host: Host, address = zb.address): readonly string[] =>
  host.said.flatMap(({ output }) =>
    output._tag === 'Indirect' && output.address === address ? [output.reason ?? 'direct'] : [],
  )
const world = (config: Parameters<World1['add']>[3] = {}, at: string | readonly string[] = '10.0.0.2/9993') => {
  const net = new World1()
  net.add('root', zr, ROOT, { planet })
  const a = net.add('a', za, at, { planet, ...config })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet })
  return { net, a, b }
}
const straight = ({ from, to }: { from: string; to: string }): boolean => ![from, to].includes(ROOT)

describe('why a peer is not direct is told', () => {
  it('from the question who it is to the path that leads straight to it, once for each change', () => {
    const { net, a, b } = world()
    net.run(100)
    net.lose = straight
    for (let i = 0; i < 200; i++) {
      net.send(a, b, verbCode.userMessage, text(`${i}`))
      net.run(50)
    }
    expect(reasons(a)).toEqual(['identity-unknown', 'not-introduced', 'trying', 'silent'])
    net.lose = () => false
    for (let i = 0; i < 100; i++) {
      net.send(a, b, verbCode.userMessage, text(`${i}`))
      net.run(500)
    }
    expect(reasons(a)).toEqual(['identity-unknown', 'not-introduced', 'trying', 'silent', 'direct'])
  })

  it('where no root answers, and where no socket is open', () => {
    const { net, a } = world()
    net.lose = () => true
    net.run(6_000)
    expect(reasons(a, zr.address)).toEqual(['silent'])
    net.give(a, { _tag: 'Local', sockets: [] })
    net.run(6_000)
    expect(reasons(a, zr.address)).toEqual(['silent', 'no-socket'])
    const lonely = handDriven()
    lonely.b.hello()
    lonely.net.run(6_000)
    // it was answered where it spoke from, and confirms nothing
    expect(reasons(lonely.a)).toEqual(['silent'])
    expect(reasons(handNoPath())).toEqual(['no-root'])
  })

  it('where local rules forbid all there is', () => {
    const blacklist = [{ address: Uint8Array.of(10, 0, 0, 3), bits: 32 }]
    const rules = { trusted: [], mtu: [], blacklist: [], peers: new Map([[zb.address, { endpoints: [], blacklist }]]) }
    const { net, a, b } = world({ rules })
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('hello'))
    net.run(6_000)
    expect(reasons(a)).toEqual(['identity-unknown', 'not-introduced', 'forbidden'])
  })

  it('where only places are offered that are no physical paths, and where they are offered too often', () => {
    const { net, a, b } = world()
    net.run(100)
    net.lose = straight
    net.give(a, { _tag: 'Managed', prefixes: [{ address: Uint8Array.of(10, 0, 0, 3), bits: 32 }] })
    net.send(b, a, verbCode.pushDirectPaths, pushBytes('127.0.0.1'))
    net.run(6_000)
    expect(reasons(a).at(-1)).toBe('unusable')
    for (let i = 0; i < 10; i++) net.send(b, a, verbCode.pushDirectPaths, pushBytes('127.0.0.1'))
    net.run(6_000)
    expect(reasons(a).at(-1)).toBe('rate-limited')
  })

  it('where nothing but the TCP relay gets through', () => {
    const net = new World1()
    net.tunnels.add('10.0.9.9/1')
    net.add('root', zr, ROOT, { planet })
    const a = net.add('a', za, ['10.0.0.2/9993', '10.0.9.9/1'], { planet })
    const b = net.add('b', zb, '10.0.0.3/9993', { planet })
    net.lose = ({ from, to }) => [from, to].includes('10.0.0.2/9993') || straight({ from, to })
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('hello'))
    net.run(6_000)
    expect(reasons(a)).toEqual(['identity-unknown', 'tcp-relay'])
  })
})

const pushBytes = (address: string): Uint8Array => {
  const parts = address.split('.').map(Number)
  return Uint8Array.of(0, 1, 0, 0, 0, 4, 6, ...parts, 0, 9)
}

/** A node that knows a peer of an earlier run, and reaches neither it nor a root. */
const handNoPath = (): Host => {
  const net = new World1()
  const version = { protocol: 12, major: 1, minor: 14, revision: 1 }
  const a = net.add('a', za, '10.0.0.2/9993', {
    planet,
    knownPeers: [{ identity: zb, ...version, endpoints: [] }],
  })
  net.lose = () => true
  net.give(a, { _tag: 'Send', packets: [{ to: zb.address, verb: verbCode.userMessage, data: new Uint8Array(40) }] })
  net.run(6_000)
  return a
}
