import { describe, expect, it } from 'vitest'
import { readU16, writeU16 } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { printIp } from '../../src/protocol/kernel/ip.ts'
import { groupMac, ipFrom } from '../../src/tcpip/address.ts'
import { checksumOf, isIntact, pseudoHeaderSum, sum } from '../../src/tcpip/checksum.ts'
import { bytes, concat, frame4, frame6, ipv4, ipv6, nameOf } from './craft.ts'
import { Segment } from './segment.ts'

/** What differs between IGMP and MLD. */
const families = [
  {
    ...{ name: 'IGMP', group: '239.1.2.3', other: '239.1.2.4', all: '224.0.0.1', to: 0x0100_5e00_0016, size: 4 },
    ...{ at: 24, query: 0x11, older: 'IGMP report 2', leave: 'IGMP leave', routers: 0x0100_5e00_0002, oldReport: 0x16 },
    own: [] as readonly string[],
  },
  {
    ...{ name: 'MLD', group: 'ff02::1:3', other: 'ff05::77', all: 'ff02::1', to: 0x3333_0000_0016, size: 16 },
    ...{ at: 48, query: 130, older: 'MLD report 1', leave: 'MLD done', routers: 0x3333_0000_0002, oldReport: 131 },
    own: ['ff02::1:ff00:1'] as readonly string[],
  },
] as const
type Family = (typeof families)[number]

const world = (family: Family) => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  segment.run(5000)
  a.call({ call: 'bind', id: 1, port: 5000 })
  let seen = a.sent.length
  const frames = (): readonly Frame[] => {
    const fresh = a.sent.slice(seen).filter((frame) => nameOf(frame).startsWith(family.name))
    seen = a.sent.length
    return fresh
  }
  const message = (type: number, delay: number, group: string, version: 1 | 2 | 3, to = group, hops = 1): Frame => {
    const rest = version === 3 ? new Uint8Array(4) : new Uint8Array(0)
    if (family.size === 4) {
      const payload = concat(Uint8Array.of(type, version === 1 ? 0 : delay / 100, 0, 0), bytes(group), rest)
      writeU16(payload, 2, checksumOf(sum(payload)))
      return frame4(groupMac(ipFrom(to)), ipv4({ from: '10.0.0.9', to, protocol: 2, ttl: hops, payload }))
    }
    const icmp = concat(Uint8Array.of(type, 0, 0, 0, delay >>> 8, delay & 0xff, 0, 0), bytes(group), rest)
    writeU16(icmp, 2, checksumOf(pseudoHeaderSum(bytes('fe80::9'), bytes(to), 58, icmp.length) + sum(icmp)))
    const payload = concat(Uint8Array.of(58, 0, 5, 2, 0, 0, 1, 0), icmp)
    return frame6(groupMac(ipFrom(to)), ipv6({ from: 'fe80::9', to, next: 0, hopLimit: hops, payload }))
  }
  const query = (delay: number, group?: string, version: 1 | 2 | 3 = 3, hops = 1): Frame =>
    message(family.query, delay, group ?? (family.size === 4 ? '0.0.0.0' : '::'), version, group ?? family.all, hops)
  const join = (...groups: readonly string[]) => {
    for (const group of groups) a.call({ call: 'join-group', id: 1, group })
  }
  return { segment, a, frames, message, query, join }
}
/** The records of a newest report as `kind group`, its headers checked on the way. */
const records = (family: Family, frame: Frame): readonly string[] => {
  const b = frame.payload
  const isV4 = family.size === 4
  expect([frame.to, b[isV4 ? 8 : 7]]).toEqual([family.to, 1])
  if (isV4) expect([...b.subarray(20, 24)]).toEqual([0x94, 4, 0, 0])
  else expect([b[8], b[9], ...b.subarray(40, 48)]).toEqual([0xfe, 0x80, 58, 0, 5, 2, 0, 0, 1, 0])
  const message = b.subarray(family.at)
  const pseudo = isV4 ? 0 : pseudoHeaderSum(b.subarray(8, 24), b.subarray(24, 40), 58, message.length)
  expect(isIntact(pseudo + sum(message))).toBe(true)
  if (isV4) expect(isIntact(sum(b, 0, 24))).toBe(true)
  const step = 4 + family.size
  return Array.from({ length: readU16(message, 6) }, (_, i) => {
    const at = 8 + i * step
    return `${message[at]} ${printIp(message.subarray(at + 4, at + step))}`
  })
}

describe.each(families)('$name', (family) => {
  const { group, other, own } = family

  it('reports a joined group twice, the second time within a second, and its end likewise (G16)', () => {
    const { segment, frames, join, a } = world(family)
    join(group)
    expect(frames().map((frame) => records(family, frame))).toEqual([[`4 ${group}`]])
    segment.run(1000)
    expect(frames().map((frame) => records(family, frame))).toEqual([[`4 ${group}`]])
    segment.run(100_000)
    expect(frames()).toEqual([])
    a.call({ call: 'leave-group', id: 1, group })
    segment.run(1000)
    expect(frames().map((frame) => records(family, frame))).toEqual([[`3 ${group}`], [`3 ${group}`]])
  })

  it('says the newest only when a group is left before its join was repeated', () => {
    const { segment, frames, join, a } = world(family)
    join(group, other)
    a.call({ call: 'leave-group', id: 1, group })
    frames()
    segment.run(1000)
    expect(frames().map((frame) => [...records(family, frame)].sort())).toEqual([[`3 ${group}`, `4 ${other}`]])
  })

  it('never speaks of the group that everybody is in, nor of one that does not leave the host', () => {
    const { segment, frames, join } = world(family)
    join(family.all, ...(family.size === 4 ? [] : ['ff01::1']))
    segment.run(2000)
    expect(frames()).toEqual([])
  })

  it('answers a query for all groups once, with all of them, within the time it allows (G16)', () => {
    const { segment, frames, join, a, query } = world(family)
    join(group, other)
    segment.run(2000)
    frames()
    a.hear(query(4000), query(4000))
    expect(frames()).toEqual([])
    segment.run(4000)
    const [answer, ...more] = frames()
    expect(more).toEqual([])
    expect([...records(family, answer!)].sort()).toEqual([group, other, ...own].map((one) => `2 ${one}`).sort())
  })

  it('answers a query for one group if it is in it', () => {
    const { segment, frames, join, a, query } = world(family)
    join(group)
    segment.run(2000)
    frames()
    a.hear(query(1000, group))
    segment.run(1000)
    expect(frames().map((frame) => records(family, frame))).toEqual([[`2 ${group}`]])
    a.hear(query(1000, family.all))
    segment.run(1000)
    expect(frames()).toEqual([])
    a.hear(query(1000, group))
    a.call({ call: 'leave-group', id: 1, group })
    segment.run(2000)
    expect(frames().map((frame) => records(family, frame))).toEqual([[`3 ${group}`], [`3 ${group}`]])
  })

  it('speaks the old version for 260 s after an old query, one group a message, unless somebody else answers', () => {
    const { segment, frames, join, a, query, message } = world(family)
    join(group, other)
    segment.run(2000)
    frames()
    a.hear(query(1000, undefined, 2))
    a.hear(message(family.oldReport, 0, other, 2))
    segment.run(1000)
    const answers = frames()
    expect(answers.map(nameOf)).toEqual(new Array(1 + own.length).fill(family.older))
    expect(answers.map(({ to }) => to)).toContain(groupMac(ipFrom(group)))
    expect(answers.map(({ to }) => to)).not.toContain(groupMac(ipFrom(other)))
    a.call({ call: 'leave-group', id: 1, group })
    expect(frames().map((frame) => [nameOf(frame), frame.to])).toEqual([[family.leave, family.routers]])
    segment.run(260_000)
    frames()
    join(group)
    expect(frames().map((frame) => records(family, frame))).toEqual([[`4 ${group}`]])
  })

  it('believes no query that came from afar, or is cut', () => {
    const { segment, frames, a, query } = world(family)
    a.hear(query(1000, undefined, 3, 2), query(1000, undefined, 3, 255))
    const whole = query(1000, undefined, 3)
    const cut = whole.payload.slice(0, -2)
    const message = cut.subarray(family.size === 4 ? 20 : 48)
    if (family.size === 4) {
      writeU16(cut, 2, cut.length)
      writeU16(cut, 10, 0)
      writeU16(cut, 10, checksumOf(sum(cut, 0, 20)))
    } else writeU16(cut, 4, cut.length - 40)
    writeU16(message, 2, 0)
    const pseudo =
      family.size === 4 ? 0 : pseudoHeaderSum(cut.subarray(8, 24), cut.subarray(24, 40), 58, message.length)
    writeU16(message, 2, checksumOf(pseudo + sum(message)))
    a.hear({ ...whole, payload: cut })
    segment.run(5000)
    expect(frames()).toEqual([])
    expect(a.drops()).toEqual(new Array(3).fill('icmp-malformed'))
  })

  it('cuts a report that does not fit the link', () => {
    const { segment, frames, a, query } = world(family)
    const groups = Array.from({ length: 64 }, (_, i) => (family.size === 4 ? `239.0.1.${i}` : `ff05::1:${i + 1}`))
    for (const one of groups) a.call({ call: 'join-group', id: 1, group: one })
    segment.run(2000)
    a.mtu = 1280
    a.configure(['10.0.0.1/24', 'fd00::1/64'])
    for (let id = 2; id < 6; id++) {
      a.call({ call: 'bind', id, port: 5000 + id })
      for (const [i, one] of groups.entries()) {
        const next = family.size === 4 ? `239.0.${id}.${i}` : `${one}${id}`.replace('1:', '2:')
        a.call({ call: 'join-group', id, group: next })
      }
    }
    segment.run(2000)
    frames()
    a.hear(query(1000))
    segment.run(1000)
    const answers = frames()
    expect(answers.length).toBeGreaterThan(1)
    const told = new Set(answers.flatMap((frame) => records(family, frame)))
    for (const one of groups) expect(told).toContain(`2 ${one}`)
    expect(told.size).toBe(64 * 5 + own.length)
  })
})

it('an IGMPv1 router is answered in its own version, and never hears of a leave', () => {
  const family = families[0]
  const { segment, frames, join, a, query } = world(family)
  join('239.1.2.3')
  segment.run(2000)
  frames()
  a.hear(query(0, undefined, 1))
  segment.run(10_000)
  expect(frames().map(nameOf)).toEqual(['IGMP report 1'])
  a.call({ call: 'leave-group', id: 1, group: '239.1.2.3' })
  segment.run(300_000)
  expect(frames()).toEqual([])
})

it('solicited-node groups are reported when an address is added and when it is gone', () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['fd00::1:2/64'] })
  const first = a.sent.find((frame) => nameOf(frame) === 'MLD report')
  expect(records(families[1], first!)).toContain('4 ff02::1:ff01:2')
  segment.run(5000)
  a.configure([])
  expect(records(families[1], a.sent.at(-1)!)).toEqual(['3 ff02::1:ff01:2'])
})
