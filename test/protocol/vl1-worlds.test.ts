import { describe, expect, it } from 'vitest'
import { peersOf, viewOf, worldsOf } from '../../src/protocol/vl1.ts'
import { identityOf, makeWorld, rootAt, World1 } from './vl1-world.ts'

const [zr, za, zb, zc] = [identityOf('zr'), identityOf('za'), identityOf('zb'), identityOf('zc')]
const roots = [rootAt(zr, '10.0.0.1/9993')]
const planet = makeWorld('planet', 7n, 1_000n, roots)
const newer = makeWorld('planet', 7n, 2_000n, [...roots, rootAt(zc, '10.0.1.1/9993')])
const moon = makeWorld('moon', BigInt(zc.address), 1_000n, [rootAt(zc, '10.0.1.1/9993')])

describe('a planet', () => {
  it('is replaced by a newer revision that a root sends, and its new roots are called at once', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet: newer })
    const second = net.add('second', zc, '10.0.1.1/9993', { planet: newer })
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    net.run(200)
    expect(worldsOf(a.state).planet.timestamp).toBe(2_000n)
    expect(a.said.filter(({ output }) => output._tag === 'World').map(({ output }) => output)).toEqual([
      { _tag: 'World', id: 7n, world: newer },
    ])
    expect(net.link(a, second)).toBe('direct')
  })

  it('is not replaced by one with another signature', () => {
    const net = new World1()
    const forged = { ...newer, signature: newer.signature.slice().reverse() }
    net.add('root', zr, '10.0.0.1/9993', { planet: forged })
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    net.run(200)
    expect(worldsOf(a.state).planet.timestamp).toBe(1_000n)
  })
})

describe('a moon', () => {
  const orbiting = () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet })
    const moonRoot = net.add('moon', zc, '10.0.1.1/9993', { planet, moons: [moon] })
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    net.run(100)
    net.give(a, { _tag: 'Orbit', id: moon.id, seed: zc.address })
    net.run(300)
    return { net, moonRoot, a }
  }

  it('is found by its seed, by way of the planet, and its root becomes an upstream', () => {
    const { net, moonRoot, a } = orbiting()
    expect(worldsOf(a.state).moons).toEqual([moon])
    expect(viewOf(a.state).isUpstream(zc.address)).toBe(true)
    expect(peersOf(a.state).get(zc.address)?.role).toBe('moon')
    expect(net.link(a, moonRoot)).toBe('direct')
  })

  it('is left by deorbiting: its root is a peer like any other', () => {
    const { net, a } = orbiting()
    net.give(a, { _tag: 'Deorbit', id: moon.id })
    expect(worldsOf(a.state).moons).toEqual([])
    expect(viewOf(a.state).isUpstream(zc.address)).toBe(false)
    expect(a.said.at(-1)?.output).toEqual({ _tag: 'World', id: moon.id, world: undefined })
  })

  it('is adopted as it is when given whole, without a word to anybody', () => {
    const net = new World1()
    const a = net.add('a', za, '10.0.0.2/9993', { planet })
    net.give(a, { _tag: 'Orbit', id: moon.id, moon })
    expect(viewOf(a.state).upstreams()).toEqual([zr.address, zc.address])
  })

  it('that nobody asked for is ignored', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet, moons: [moon] })
    const b = net.add('b', zb, '10.0.0.3/9993', { planet })
    net.run(300)
    expect(worldsOf(b.state).moons).toEqual([])
  })
})
