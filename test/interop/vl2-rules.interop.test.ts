import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileRules } from '../../src/protocol/network/rule-language/compile.ts'
import { pause } from './namespaces.ts'
import { heard, ip4, ip6, type Member, type NativeMember, type OurMember } from './network-member.ts'
import { able, type Make, Testbed } from './testbed.ts'

/** What the rule language makes of it, as controllers take it. */
const compiled = (source: string): Readonly<Record<string, unknown>> => {
  const made = compileRules(source)
  if (made._tag === 'Left') throw new Error(`line ${made.left.line}: ${made.left.message}`)
  return made.right.config
}

const FREE = 7000
const BY_ADDRESS = 7001
const BY_PORT = 7002
const BY_TAG = 7003
const BY_CAPABILITY = 7004
const ON_ARRIVAL = 7005
const LATER = 7006
const PORTS = [FREE, BY_ADDRESS, BY_PORT, BY_TAG, BY_CAPABILITY, ON_ARRIVAL, LATER]

const IPS: Readonly<Record<string, string>> = { a: '11', b: '12', x: '21', y: '22' }
const ip = (host: string): string => `10.141.0.${IPS[host]}`
const RULES = `
  tag department id 1000 default 0;
  cap enter id 2000 accept ipprotocol udp and dport ${BY_CAPABILITY}; ;
  drop ipsrc ${ip('a')}/32 and dport ${BY_ADDRESS};
  drop ipdest ${ip('x')}/32 and dport ${BY_ADDRESS};
  drop ipprotocol udp and dport ${BY_PORT};
  drop dport ${BY_TAG} and not tdiff department 0;
  break dport ${BY_CAPABILITY};
  drop chr inbound and dport ${ON_ARRIVAL};
  accept;`

describe.skipIf(!able).each<Make>(['native', 'ours'])('rules, with %s root and controller', (make) => {
  let bed: Testbed
  let members: readonly Member[]
  let native: NativeMember
  let ours: OurMember
  let network: string

  /** Everybody says its name to everybody on a port; who was heard by whom, as `from>to`, in order of the alphabet. */
  const heardOn = async (port: number): Promise<readonly string[]> => {
    const say = (text: string, on: number): Promise<unknown> =>
      Promise.all(
        members.flatMap((from) =>
          members
            .filter((to) => to !== from)
            .map((to) =>
              from.tell({ do: 'send', port: FREE, to: ip(to.host), toPort: on, text: `${from.host} ${text}` }),
            ),
        ),
      )
    await say(`on ${port}`, port)
    await pause(500)
    await say(`after ${port}`, FREE)
    await pause(500)
    const found = async (on: number, text: string): Promise<readonly string[]> => {
      const each = members.map(async (to) =>
        (await heard(to, on)).filter((one) => one.text.endsWith(text)).map((one) => `${one.text[0]}>${to.host}`),
      )
      return (await Promise.all(each)).flat().sort()
    }
    // what is not forbidden still passes: silence is the rules' doing
    expect(await found(FREE, `after ${port}`)).toEqual(every)
    return found(port, `on ${port}`)
  }
  const every = 'abxy'
    .split('')
    .flatMap((from) => 'abxy'.split('').flatMap((to) => (from === to ? [] : `${from}>${to}`)))
  const droppedByRules = async (): Promise<number> => (await ours.drops())['vl2/rule'] ?? 0
  /** How many frames our member dropped by its rules in the meantime. */
  const drops = async (what: () => Promise<unknown>): Promise<number> => {
    const before = await droppedByRules()
    await what()
    await pause(500)
    return (await droppedByRules()) - before
  }
  const send = (from: Member, to: Member, port: number): Promise<unknown> =>
    from.tell({ do: 'send', port: FREE, to: ip(to.host), toPort: port, text: 'once' })

  beforeAll(async () => {
    bed = await Testbed.open(make)
    native = await bed.native('a')
    ours = await bed.ours('x')
    members = [native, await bed.native('b'), ours, await bed.ours('y')]
    network = bed.create('10.141.0', { ...compiled(RULES), ipAssignmentPools: [] })
    for (const member of members) {
      const first = member.host === 'a' || member.host === 'x'
      bed.set(network, member, {
        ipAssignments: [ip(member.host)],
        tags: [[1000, first ? 1 : 2]],
        capabilities: first ? [2000] : [],
      })
    }
    await bed.admit(network, members)
    for (const member of members) for (const port of PORTS) await member.tell({ do: 'bind', port })
    // paths and neighbours first: what is silent later is silent because of rules
    await bed.acquaint(members)
  })
  afterAll(() => bed.close())

  it('let through what none forbids', async () => {
    expect(await heardOn(FREE)).toEqual(every)
  })

  it('drop by address, of the sender or the recipient', async () => {
    expect(await heardOn(BY_ADDRESS)).toEqual(every.filter((one) => !one.startsWith('a') && !one.endsWith('x')))
  })

  it('drop by port, at the sender: nothing reaches the recipient', async () => {
    expect(await heardOn(BY_PORT)).toEqual([])
    expect(await drops(() => send(ours, native, BY_PORT))).toBe(1)
    expect(await drops(() => send(native, ours, BY_PORT))).toBe(0)
  })

  it('drop by what tags say of both ends', async () => {
    expect(await heardOn(BY_TAG)).toEqual(['a>x', 'b>y', 'x>a', 'y>b'])
  })

  it('drop what no capability of the sender allows', async () => {
    expect(await heardOn(BY_CAPABILITY)).toEqual(every.filter((one) => one.startsWith('a') || one.startsWith('x')))
  })

  it('drop at the recipient what the sender may send', async () => {
    expect(await heardOn(ON_ARRIVAL)).toEqual([])
    expect(await drops(() => send(ours, native, ON_ARRIVAL))).toBe(0)
    expect(await drops(() => send(native, ours, ON_ARRIVAL))).toBe(1)
  })

  it('drop by ethertype, changed while members are there', async () => {
    for (const [from, to] of [
      [native, ours],
      [ours, native],
    ] as const)
      expect(await from.ping(await ip6(to, 'fd'), 3)).toBeGreaterThan(0)
    bed.update(network, compiled(`drop ethertype ipv6; ${RULES}`))
    await pause(2000)
    for (const [from, to] of [
      [native, ours],
      [ours, native],
    ] as const) {
      expect(await from.ping(await ip6(to, 'fd'), 3)).toBe(0)
      expect(await from.ping(await ip4(to), 3)).toBeGreaterThan(0)
    }
  })

  it.each(['native', 'ours'])(
    'are enforced by the recipient where a sender (%s) still has older ones',
    async (older) => {
      const [from, to] = older === 'native' ? [native, ours] : [ours, native]
      for (const other of ['c', 'r']) bed.segment.block(from.host, other, true)
      bed.update(network, compiled(`drop dport ${LATER} and ipprotocol udp; ${RULES}`))
      await pause(2000)
      const count = async (): Promise<number> => (await heard(to, LATER)).length
      const before = await count()
      const dropped = await drops(() => send(from, to, LATER))
      expect(await count()).toBe(before)
      // ours as the recipient says so itself; as the sender it has let the frame go
      expect(dropped).toBe(older === 'native' ? 1 : 0)
      bed.update(network, compiled(RULES))
      await pause(2000)
      await send(from, to, LATER)
      await pause(500)
      expect(await count()).toBe(before + 1)
      for (const other of ['c', 'r']) bed.segment.block(from.host, other, false)
    },
  )
})
