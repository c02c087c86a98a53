import { describe, expect, it } from 'vitest'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { identityOf, makeWorld, rootAt, text, World1 } from './vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])

const met = () => {
  const net = new World1()
  net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet })
  net.run(100)
  net.send(a, b, verbCode.userMessage, text('hello'))
  net.run(200)
  const keysOf = (): boolean => a.state.peers.get(zb.address)!.armor !== undefined
  return { net, a, b, keysOf }
}

describe('a silent peer', () => {
  it('costs no keys after a minute and a half, and is understood when it speaks again', () => {
    const { net, a, b, keysOf } = met()
    expect(keysOf()).toBe(true)
    net.run(95_000)
    expect(keysOf()).toBe(false)
    net.send(b, a, verbCode.userMessage, text('still here'))
    net.run(100)
    expect(keysOf()).toBe(true)
    expect(net.texts(a)).toEqual(['still here'])
  })

  it('of a network of ours keeps its keys, and so does a root', () => {
    const { net, a, b, keysOf } = met()
    net.send(b, a, verbCode.frame, text('frame'))
    net.run(200_000)
    expect(keysOf()).toBe(true)
    expect(a.state.peers.get(zr.address)!.armor).toBeDefined()
  })

  it('wakes a node no more often than the periodic work does', () => {
    const { net, a } = met()
    net.run(10_000)
    let ticks = 0
    const end = net.now + 600_000
    while (net.now < end) {
      const deadline = a.machine.deadline(a.state)
      if (deadline <= net.now + 1) ticks++
      net.run(Math.max(1, Math.min(deadline, end) - net.now))
    }
    // a look every 5 s and a cleaning every 30 s
    expect(ticks).toBeLessThanOrEqual(145)
  })
})
