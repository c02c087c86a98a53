import { describe, expect, it } from 'vitest'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { identityOf, makeWorld, rootAt, text, World1 } from './vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])

const small = () => {
  const net = new World1()
  const root = net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet })
  return { net, root, a, b }
}

describe('vl1', () => {
  it('comes online within a round trip and a validation', () => {
    const { net, a, root } = small()
    net.run(50)
    const online = a.said.find(({ output }) => output._tag === 'Online')
    expect(online?.output).toEqual({ _tag: 'Online', online: true })
    expect(net.link(a, root)).toBe('direct')
    net.run(10)
    expect(net.link(root, a)).toBe('direct')
  })
  it('reaches a stranger by WHOIS and relay, then directly', () => {
    const { net, a, b } = small()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(60)
    expect(net.texts(b)).toEqual(['00000000hello'])
    expect(net.link(a, b)).toBe('direct')
    expect(net.link(b, a)).toBe('direct')
  })
})
