import { expect, it } from 'vitest'
import { type Address, address } from '../../src/protocol/kernel/id.ts'
import { BROADCAST, macOf, macScheme } from '../../src/protocol/network/mac.ts'
import { identityNamed, NETWORK, vl2Network } from '../support/vl2-network.ts'
import { START, withHeadroom } from '../support/vl2-node.ts'
import { nodeWith } from './network/nodes.ts'

const members = Array.from({ length: 50 }, (_, i) => nodeWith(address(0x1a_0000_0000 + i)))
const macs = macScheme(NETWORK)
const macFor = (one: Address) => macOf(macs, one)

it('fifty members that met while one packet in twenty was lost hear a broadcast, each once, and reach each other', () => {
  const network = vl2Network(identityNamed('zc'), members, identityNamed('zr'), { multicastLimit: 64 })
  let packets = 0
  network.loses = () => network.now < START + 120_000 && packets++ % 20 === 0
  for (const node of network.nodes.values()) node.give({ _tag: 'Join', network: NETWORK })
  network.passTo(START + 130_000)
  const frames = (from: number) =>
    network.seen
      .splice(0)
      .flatMap(([at, output]) =>
        output._tag === 'Frames'
          ? output.frames.filter((frame) => frame.from === macFor(members[from]!.address)).map(() => at)
          : [],
      )
  const say = (from: number, to: number | undefined): void => {
    const { address: at } = members[from]!
    const frame = {
      from: macFor(at),
      to: to === undefined ? BROADCAST : macFor(members[to]!.address),
      etherType: 0x0800,
      payload: withHeadroom(Uint8Array.of(0x45)),
    }
    network.nodes.get(at)!.give({ _tag: 'Frames', network: NETWORK, frames: [frame] })
    network.passTo(network.now + 5_000)
  }
  network.seen.splice(0)
  say(7, undefined)
  const others = members.map((one) => one.address).filter((one) => one !== members[7]!.address)
  expect(frames(7).toSorted((a, b) => a - b)).toEqual(others)
  for (const [from, to] of [
    [0, 49],
    [12, 33],
    [48, 1],
  ] as const) {
    say(from, to)
    expect(frames(from)).toEqual([members[to]!.address])
  }
})
