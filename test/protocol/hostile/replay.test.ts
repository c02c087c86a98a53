import { describe, expect, it } from 'vitest'
import type { Address } from '../../../src/protocol/kernel/id.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { peersOf } from '../../../src/protocol/vl1.ts'
import { identityOf, text } from '../vl1-world.ts'
import { overfull, Siege } from './siege.ts'

const [zr, zb] = [identityOf('zr'), identityOf('zb')]
const BACK = '10.0.66.6/7777'

describe('a recorded conversation, sent again from elsewhere', () => {
  it('moves nobody: peers, paths and what is sent to them stay', () => {
    const siege = new Siege()
    const { net, node, friend } = siege
    const recorded = net.wire.filter(({ to, ttl }) => to === '10.0.0.2/9993' && ttl === undefined)
    const before = peersOf(node.state)
    for (let round = 0; round < 3; round++)
      for (const { data } of [...recorded].reverse()) {
        net.inject(node, BACK, data.slice())
        net.run(1)
      }
    net.run(6_000)
    const after = peersOf(node.state)
    expect([...after.keys()]).toEqual([...before.keys()])
    const placesOf = (address: Address) => after.get(address)?.paths.map(({ endpoint }) => endpoint.address)
    expect(placesOf(zb.address)).toEqual(['10.0.0.3'])
    expect(placesOf(zr.address)).toEqual(['10.0.0.1'])
    const wire = net.wire.length
    net.send(node, friend, verbCode.userMessage, text('still you?'))
    net.run(10)
    expect(net.texts(friend).at(-1)).toBe('still you?')
    expect(net.wire.slice(wire).filter(({ to }) => to === BACK)).toEqual([])
    expect(overfull(node.state)).toEqual([])
  })
})
