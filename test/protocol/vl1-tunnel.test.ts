import { expect, it } from 'vitest'
import { peerIn } from '../../src/protocol/vl1.ts'
import { identityOf, makeWorld, rootAt, World1 } from './vl1-world.ts'

const [zr, za] = [identityOf('zr'), identityOf('za')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '9.0.0.1/9993')])

/** A node with a UDP socket that may be dead, and a tunnel whose far end is 9.0.0.9. */
const tunneled = () => {
  const net = new World1()
  const root = net.add('root', zr, '9.0.0.1/9993', { planet })
  const dead = new Set(['9.0.0.2', '9.0.0.9'])
  net.lose = ({ from, to }) => [from, to].some((one) => dead.has(one.split('/')[0]!))
  net.tunnels.add('9.0.0.9/5000')
  const a = net.add('a', za, ['9.0.0.2/9993', '9.0.0.9/5000'], { planet })
  const sockets = net.socketsOf(a)
  net.give(a, { _tag: 'Local', sockets: [sockets[0]!] })
  return {
    net,
    root,
    a,
    open: () => {
      dead.delete('9.0.0.9')
      net.give(a, { _tag: 'Local', sockets })
    },
    shut: () => {
      dead.add('9.0.0.9')
      net.give(a, { _tag: 'Local', sockets: [sockets[0]!] })
    },
    revive: () => dead.delete('9.0.0.2'),
    preferred: () => peerIn(a.state, zr.address)?.paths.find((path) => path.preferred),
  }
}

it('a tunnel brings a node online as soon as it is there, and shows', () => {
  const { net, a, open, preferred } = tunneled()
  net.run(60_000)
  expect(a.state.online).toBe(false)
  open()
  net.run(50) // the root has to prove us first
  expect(a.state.online).toBe(true)
  expect(preferred()).toMatchObject({ socket: 1, tunneled: true })
})

it('a way without the tunnel is found within a keepalive of being there, and taken', () => {
  const { net, root, open, revive, preferred } = tunneled()
  open()
  net.run(60_000)
  expect(preferred()).toMatchObject({ socket: 1 })
  revive()
  net.run(20_000)
  expect(preferred()).toMatchObject({ socket: 0 })
  expect(preferred()?.tunneled).toBeUndefined()
  expect(root.state.peers.has(za.address)).toBe(true)
})

it('paths by the tunnel go with it', () => {
  const { net, a, open, shut } = tunneled()
  open()
  net.run(1_000)
  shut()
  expect(peerIn(a.state, zr.address)?.paths).toEqual([])
  const before = net.wire.length
  net.run(20_000)
  // it is called again by what is left
  expect(net.wire.slice(before).filter(({ from }) => from === '9.0.0.2/9993').length).toBeGreaterThan(2)
})
