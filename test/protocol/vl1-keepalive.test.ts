import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/protocol/packet/header.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { peersOf } from '../../src/protocol/vl1.ts'
import { identityOf, makeWorld, rootAt, START, text, World1 } from './vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])

const met = () => {
  const net = new World1()
  const root = net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet })
  net.run(100)
  // frames make a peer active: it takes part in a network with us
  net.send(a, b, verbCode.frame, text('a frame'))
  net.send(b, a, verbCode.frame, text('a frame'))
  net.run(100)
  return { net, root, a, b }
}

describe('an idle node', () => {
  it('keeps the way from its root open with an ECHO about every 15 s and a HELLO about every 224 s', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet })
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    net.run(100)
    const before = net.wire.length
    net.run(600_000)
    const sent = net.wire.slice(before).filter(({ from }) => from === '10.0.0.2/9993')
    const gaps = sent.slice(1).map(({ at }, i) => at - sent[i]!.at)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(20_000)
    expect(sent.filter(({ data }) => data.length === 28).length).toBeGreaterThan(30)
    expect(sent.filter(({ data }) => data.length === 137).length).toBe(2)
    expect(a.said.filter(({ output }) => output._tag === 'Online')).toHaveLength(1)
  })

  it('is offline after 30 s without a word from its root, calls it, and is online again when it answers', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet })
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    net.run(20_000)
    net.lose = () => true
    net.run(60_000)
    const states = (): readonly boolean[] =>
      a.said.flatMap(({ output }) => (output._tag === 'Online' ? [output.online] : []))
    expect(states()).toEqual([true, false])
    net.lose = () => false
    net.run(5_100)
    expect(states()).toEqual([true, false, true])
  })

  it('greets a root that has started anew and does not know it, within half a minute', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet })
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    net.run(10_000)
    const root = net.add('root again', zr, '10.0.0.1/9993', { planet })
    net.run(30_000)
    expect(net.link(root, a)).toBe('direct')
  })
})

describe('a direct path', () => {
  it('between active peers is kept open', () => {
    const { net, a, b } = met()
    expect(net.link(a, b)).toBe('direct')
    net.run(400_000)
    expect([net.link(a, b), net.link(b, a)]).toEqual(['direct', 'direct'])
    const sent = net.wire.filter(({ from, to }) => from === '10.0.0.2/9993' && to === '10.0.0.3/9993')
    const gaps = sent.slice(1).map(({ at }, i) => at - sent[i]!.at)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(20_000)
  })

  it('that stops working while it is in use gives way to the relay within 2.5 s, and comes back', () => {
    const { net, a, b } = met()
    net.lose = ({ from, to }) => ![from, to].includes('10.0.0.1/9993')
    const cut = net.now
    for (let i = 0; i < 60; i++) {
      net.send(a, b, verbCode.frame, text(`frame ${i}`))
      net.run(500)
    }
    expect(net.link(a, b)).toBe('relay')
    const first = a.said.find(({ at, output }) => at > cut && output._tag === 'Peer' && output.change === 'relay')
    expect(first!.at - cut).toBeLessThanOrEqual(2_500)
    expect(net.texts(b)).toContain('frame 59')
    net.lose = () => false
    net.run(10_000)
    expect(net.link(a, b)).toBe('direct')
  })

  it('is forgotten after 243 s of silence', () => {
    const { net, a, b } = met()
    net.lose = ({ from, to }) => ![from, to].includes('10.0.0.1/9993')
    for (let i = 0; i < 50; i++) {
      net.send(a, b, verbCode.frame, text('ping'))
      net.send(b, a, verbCode.frame, text('pong'))
      net.run(5_000)
    }
    expect(peersOf(a.state).get(zb.address)?.paths).toEqual([])
    expect(net.changes(a, b).slice(-1)).toEqual(['path-removed'])
    expect(net.link(a, b)).toBe('relay')
  })

  it('over a socket that is gone is forgotten, and a new socket is heard of at once', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet })
    const a = net.add('a', za, ['10.0.0.2/9993', '10.0.0.2/20000'], { planet })
    net.run(100)
    const [first, second] = net.socketsOf(a)
    net.give(a, { _tag: 'Local', sockets: [second!] })
    expect(
      peersOf(a.state)
        .get(zr.address)
        ?.paths.map(({ socket }) => socket),
    ).toEqual([1])
    net.give(a, { _tag: 'Local', sockets: [first!, second!] })
    net.run(100)
    expect(
      peersOf(a.state)
        .get(zr.address)
        ?.paths.map(({ socket }) => socket),
    ).toEqual([1, 0])
  })
})

describe('peers that share a network', () => {
  it('push their endpoints to each other, and try what they are offered', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet })
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    const b = net.add('b', zb, '10.0.0.3/9993', { planet })
    net.run(100)
    // RENDEZVOUS is lost, so that only the push can tell them
    net.lose = ({ data }) => data.length === 41 && sourceOf(data) === zr.address
    net.send(a, b, verbCode.frame, text('a frame'))
    net.run(50)
    expect(net.link(b, a)).toBe('relay')
    net.give(b, { _tag: 'Trust', peers: [za.address] })
    net.run(50)
    expect([net.link(a, b), net.link(b, a)]).toEqual(['direct', 'direct'])
  })

  it('are forgotten after 500 s without a sign of life, as a record to keep', () => {
    const { net, a, b } = met()
    net.lose = ({ from, to }) => [from, to].includes('10.0.0.3/9993')
    net.run(600_000)
    expect(peersOf(a.state).has(zb.address)).toBe(false)
    expect(net.changes(a, b).at(-1)).toBe('removed')
    const forgotten = a.said.find(({ output }) => output._tag === 'Forget')
    expect(forgotten!.at - START).toBeGreaterThan(500_000)
    expect(forgotten!.output).toMatchObject({ address: zb.address })
  })
})
