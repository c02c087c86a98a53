import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../src/protocol/kernel/codec.ts'
import { extFrame, extFrameFlag } from '../../src/protocol/verb/ext-frame.ts'
import { networkCredentials } from '../../src/protocol/verb/network-credentials.ts'
import { capturedDatagrams, mixedFolder, mixedNodes } from '../support/captures.ts'
import { conversation, type Said } from '../support/conversation.ts'

/**
 * What nodes of both makes said about virtual networks (docs/interop.md). In all of them `a` and `b` are native members,
 * `x` and `y` are ours; root and controller are of the make in the name of the capture.
 */
const heardIn = (capture: string): readonly Said[] => {
  const { said, unopened } = conversation(capturedDatagrams(capture, mixedFolder), mixedNodes(capture))
  expect(unopened).toBe(0)
  return said
}
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const right = <A>(read: { readonly _tag: string; readonly right?: A }): A => {
  expect(read._tag).toBe('Right')
  return read.right!
}
const framesIn = (said: readonly Said[]) =>
  said.filter(({ verb }) => verb === 'extFrame').map((one) => ({ ...one, frame: right(decode(extFrame, one.payload)) }))

describe('copies to a third member, seen at the third, which is native', () => {
  const said = heardIn('copies-native-controller')
  const copies = framesIn(said)

  it('are made by senders and recipients of both makes, each marked as what it is', () => {
    for (const who of ['a', 'x'])
      expect(copies.filter(({ from }) => from === who).map(({ frame }) => frame.flags)).toEqual(
        expect.arrayContaining([0x02, 0x04, 0x08, 0x16, 0x1c]),
      )
  })

  it('are the same bytes, whichever make was the sender and whichever the recipient', () => {
    const content = (who: string, flags: number) =>
      copies
        .filter(({ from, frame }) => from === who && frame.flags === flags)
        .map(({ payload }) => hexOf(payload.subarray(9)))
    for (const [outbound, inbound] of [
      [0x02, 0x08],
      [0x16, 0x1c],
    ] as const) {
      expect(content('a', outbound)).toEqual(content('x', inbound))
      expect(content('x', outbound)).toEqual(content('a', inbound))
    }
  })

  it('are acknowledged if they are watched, and only then', () => {
    const watched = copies.filter(({ frame }) => (frame.flags & extFrameFlag.acknowledge) !== 0)
    const acknowledged = said.filter(({ from, verb, payload }) => from === 'b' && verb === 'ok' && payload[0] === 7)
    expect(watched).toHaveLength(4)
    expect(acknowledged).toHaveLength(4)
  })

  it('are cut to the length in the rule', () => {
    for (const { frame } of copies) {
      if ((frame.flags & extFrameFlag.acknowledge) !== 0) expect(frame.payload).toHaveLength(40)
      else expect(frame.payload.length).toBeGreaterThan(40)
    }
  })
})

describe.each(['native', 'ours'])('a member that is put out by a controller (%s)', (make) => {
  const said = heardIn(`put-out-native-${make}-controller`)
  const revocations = said
    .filter(({ verb }) => verb === 'networkCredentials')
    .map((one) => ({ ...one, credentials: right(decode(networkCredentials, one.payload)) }))
    .filter(({ credentials }) => credentials.revocations.length > 0)

  it('is told of by the controller, and passed on by members: ours tell a native one, unless that was quicker', () => {
    const ways = revocations.map(({ from, to }) => `${from}>${to}`)
    expect(ways).toContain('controller>x')
    expect(ways).toContain('a>x')
    expect(ways.indexOf('x>a') >= 0 || ways.indexOf('a>x') < ways.indexOf('controller>x')).toBe(true)
  })

  it('is revoked by the same bytes, whoever passes them on', () => {
    expect(new Set(revocations.map(({ payload }) => hexOf(payload))).size).toBe(1)
    const [first] = revocations
    expect(hexOf(encode(networkCredentials, first!.credentials))).toBe(hexOf(first!.payload))
  })

  it('is refused from then on: its frames get ERROR 06 from us, however often it shows its old certificate', () => {
    const at = said.findIndex((one) => one.from === 'a' && one.verb === 'networkCredentials' && one.payload[0] === 1)
    expect(at).toBeGreaterThan(0)
    expect(said.slice(at).some((one) => one.from === 'x' && one.verb === 'error' && one.payload[9] === 6)).toBe(true)
  })
})

describe('a native bridge, seen at our member', () => {
  const frames = framesIn(heardIn('bridge-native-controller'))

  it('passes on what devices behind it send, with their own MACs', () => {
    const source = new Set(frames.filter(({ from }) => from === 'a').map(({ frame }) => frame.from))
    const target = new Set(frames.filter(({ from }) => from === 'x').map(({ frame }) => frame.to))
    expect(source.size).toBe(1)
    expect(target).toEqual(source)
  })
})

describe.each(['native', 'ours'])('memberships in multicast groups, with a controller (%s)', (make) => {
  const said = heardIn(`multicast-${make}-controller`)
  const announced = (from: string, to: string): readonly string[] =>
    said
      .filter((one) => one.from === from && one.to === to && one.verb === 'multicastLike')
      .flatMap(({ payload }) =>
        Array.from({ length: payload.length / 18 }, (_, i) => hexOf(payload.subarray(i * 18 + 8, i * 18 + 14))),
      )

  it.each(['01005e0000fb', '3333000000fb'])('of %s are announced by members of both makes', (group) => {
    for (const to of ['root', 'controller', 'a']) expect(announced('x', to)).toContain(group)
    expect(announced('a', 'x')).toContain(group)
  })
})
