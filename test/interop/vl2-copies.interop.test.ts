import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause } from './namespaces.ts'
import { heard, ip4, type Member, seen } from './network-member.ts'
import { able, type Make, Testbed } from './testbed.ts'

/** Rules that copy or redirect datagrams for one port to a third node, then let everything through. */
const FREE = 7000
const rule = (action: string, address: string, port: number, more = {}) => [
  { type: 'MATCH_IP_DEST_PORT_RANGE', start: port, end: port },
  { type: action, address, flags: 0, ...more },
]
const hexOf = (text: string): string => Buffer.from(text).toString('hex')

describe.skipIf(!able).each<Make>(['native', 'ours'])(
  'copies and redirections, with %s root and controller',
  (make) => {
    let bed: Testbed
    let one: Member
    let other: Member
    const thirds: Member[] = []

    beforeAll(async () => {
      bed = await Testbed.open(make)
      one = await bed.native('a')
      other = await bed.ours('x')
      thirds.push(await bed.native('b'), await bed.ours('y'))
      const all = [one, other, ...thirds]
      // in the first rule of a port the third is native, in the next one ours
      const rules = thirds.flatMap(({ id }, i) => [
        ...rule('ACTION_TEE', id, 7010 + i, { length: 65_535 }),
        // a match after an action that is not taken begins anew; after one that is taken the set goes on
        ...rule('ACTION_WATCH', id, 7020 + i, { length: 40 }),
        ...rule('ACTION_REDIRECT', id, 7030 + i),
      ])
      const network = bed.create('10.142.0', { rules: [...rules, { type: 'ACTION_ACCEPT' }] })
      await bed.admit(network, all)
      for (const member of all) {
        await member.tell({ do: 'bind', port: FREE })
        for (const port of [7010, 7011, 7020, 7021, 7030, 7031]) await member.tell({ do: 'bind', port })
      }
      await bed.acquaint(all)
    })
    afterAll(() => bed.close())

    /** What is on the wire at the native third meanwhile. */
    let record: Awaited<ReturnType<Testbed['record']>>
    beforeAll(async () => {
      record = await bed.record('b', `copies-${make}-controller`)
    })

    /** Sends a datagram both ways; how often it was heard by its recipient, and seen by the third. */
    const both = async (port: number, third: Member) => {
      const found: { heard: number; seen: number; lengths: number[] }[] = []
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        await third.tell({ do: 'watch' })
        const text = `${from.make} to ${to.make} on ${port}, some more words`
        await from.tell({ do: 'send', port: FREE, to: await ip4(to), toPort: port, text })
        await pause(700)
        const frames = (await seen(third)).filter(
          // IPv4 header and UDP header are 28 bytes; a copy may be cut short behind them
          ({ dir, hex }) => dir === 'in' && hex.length > 56 && hexOf(text).startsWith(hex.slice(56)),
        )
        found.push({
          heard: (await heard(to, port)).filter((each) => each.text === text).length,
          seen: frames.length,
          lengths: frames.map(({ hex }) => hex.length / 2),
        })
      }
      return found
    }

    it.each([0, 1])('TEE: the third (native, ours: %#) gets it from the sender and from the recipient', async (i) => {
      for (const each of await both(7010 + i, thirds[i]!)) expect(each).toMatchObject({ heard: 1, seen: 2 })
    })

    it.each([0, 1])('WATCH: likewise, cut to the length that the rule names (%#)', async (i) => {
      for (const each of await both(7020 + i, thirds[i]!))
        expect(each).toEqual({ heard: 1, seen: 2, lengths: [40, 40] })
    })

    it.each([0, 1])('REDIRECT: the third (%#) gets it, once, and the recipient does not', async (i) => {
      for (const each of await both(7030 + i, thirds[i]!)) expect(each).toMatchObject({ heard: 0, seen: 1 })
    })

    it('are the same on the wire whichever make sends them, and what is watched is acknowledged', async () => {
      const { said } = await record.stop()
      const copies = said.filter(({ to, verb }) => to === 'b' && verb === 'extFrame')
      const by = (who: string) =>
        copies
          .filter(({ from }) => from === who)
          // the flags say who was what: sender (02, 16) or recipient (08, 1c)
          .map(({ payload }) => Buffer.from(payload).fill(0, 8, 9).toString('hex'))
          .sort()
      const watchedOrTeed = by('a').filter((hex) => by('x').includes(hex))
      expect(watchedOrTeed).toHaveLength(4)
      for (const who of ['a', 'x']) {
        const flags = copies.filter(({ from }) => from === who).map(({ payload }) => payload[8])
        expect([...flags].sort()).toEqual([0x02, 0x04, 0x08, 0x16, 0x1c].sort())
        expect(
          said.filter(({ from, to, verb, payload }) => from === 'b' && to === who && verb === 'ok' && payload[0] === 7),
        ).toHaveLength(2)
      }
    })
  },
)
