import { type Answer, decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { dnsCache } from '../../../src/tcpip/dns/cache.ts'
import { type LookupInput, type LookupOutput, lookup } from '../../../src/tcpip/dns/lookup.ts'
import type { AddressType } from '../../../src/tcpip/dns/message.ts'
import { readAnswer } from '../../../src/tcpip/dns/message.ts'
import { domainName, isWithin } from '../../../src/tcpip/dns/name.ts'

const NAME = 'host.example.net'
const a = (name: string, data: string, ttl = 60): Answer => ({ type: 'A', name, data, ttl, class: 'IN' })
const cname = (name: string, data: string, ttl = 60): Answer => ({ type: 'CNAME', name, data, ttl, class: 'IN' })
const soa = (ttl: number, minimum: number): Answer => ({
  ...{ type: 'SOA', name: 'example.net', ttl, class: 'IN' },
  data: { mname: 'ns.example.net', rname: 'root.example.net', minimum },
})

/** One lookup and its servers, in virtual time from zero. */
const asking = (servers: readonly string[] = ['10.0.0.53'], type: AddressType = 'A') => {
  const machine = lookup({ name: NAME, type, servers, random: seededRandom(5) })
  const state = machine.initial
  let now = 0
  const outputs: LookupOutput[] = []
  const give = (input: LookupInput) => {
    const [, out] = machine.step(state, input, now)
    outputs.push(...out)
    return out
  }
  const asks = () => outputs.flatMap((one) => (one._tag === 'Ask' ? [one] : []))
  const last = () => asks().at(-1)!
  give({ _tag: 'Begin' })
  return {
    machine,
    asks,
    last,
    give,
    result: () => outputs.find((one) => one._tag === 'Done')?.result,
    run: (ms: number) => {
      const end = now + ms
      while (machine.deadline(state) <= end) {
        now = machine.deadline(state)
        outputs.push(...machine.tick(state, now)[1])
      }
      now = end
    },
    /** An answer to a query, right unless told otherwise. */
    answer: (change: Packet & { readonly code?: number } = {}, query = last().query) => {
      const sent = decode(Buffer.from(asks().find((one) => one.query === query)!.message))
      const { code = 0, flags = 0, ...rest } = change
      const packet: Packet = {
        type: 'response',
        id: sent.id!,
        questions: sent.questions!,
        flags: flags | code,
        ...rest,
      }
      return give({ _tag: 'Message', query, message: encode(packet) })
    },
  }
}

describe('a lookup', () => {
  it('asks with EDNS0 of 1232 bytes and recursion desired, each time with another identifier', () => {
    const one = asking()
    const query = decode(Buffer.from(one.last().message))
    expect(query).toMatchObject({
      ...{ type: 'query', flag_rd: true, questions: [{ name: NAME, type: 'A', class: 'IN' }] },
      additionals: [{ type: 'OPT', udpPayloadSize: 1232 }],
    })
    one.run(1000)
    expect(decode(Buffer.from(one.last().message)).id).not.toBe(query.id)
  })

  it('ends with every address of the answer, each once, for as long as the shortest may be kept', () => {
    const one = asking()
    one.answer({ answers: [a(NAME, '10.0.0.1', 60), a('HOST.example.NET', '10.0.0.2', 30), a(NAME, '10.0.0.1', 90)] })
    expect(one.result()).toEqual({ _tag: 'Found', addresses: ['10.0.0.1', '10.0.0.2'], ttl: 30 })
    expect(one.answer({ answers: [a(NAME, '10.0.0.9')] })).toEqual([])
  })

  it.each([
    [0, 1],
    [1, 1],
    [86_400, 86_400],
    [1_000_000, 86_400],
  ])('keeps what may be kept for %i s for %i s', (ttl, kept) => {
    const one = asking()
    one.answer({ answers: [a(NAME, '10.0.0.1', ttl)] })
    expect(one.result()).toMatchObject({ ttl: kept })
  })

  it('asks servers in turn, two rounds of 1 s and 2 s, then gives up (D06)', () => {
    const one = asking(['10.0.0.1', '10.0.0.2'])
    const at: (readonly [number, string])[] = [[0, one.last().server]]
    for (let ms = 1; ms <= 7000; ms++) {
      const before = one.asks().length
      one.run(1)
      if (one.asks().length > before) at.push([ms, one.last().server])
    }
    expect(at).toEqual([
      [0, '10.0.0.1'],
      [1000, '10.0.0.2'],
      [2000, '10.0.0.1'],
      [4000, '10.0.0.2'],
    ])
    expect(one.result()).toEqual({ _tag: 'Failed', reason: 'timeout', ttl: 0 })
  })

  it('takes a late answer to an earlier query (D06)', () => {
    const one = asking(['10.0.0.1', '10.0.0.2'])
    one.run(1500)
    one.answer({ answers: [a(NAME, '10.0.0.7')] }, 0)
    expect(one.result()).toMatchObject({ addresses: ['10.0.0.7'] })
  })

  it('goes on at once when a server refuses or cannot be reached, and remembers a failure for 5 s (D06)', () => {
    const one = asking(['10.0.0.1', '10.0.0.2'])
    one.answer({ code: 2 })
    expect(one.last().server).toBe('10.0.0.2')
    one.give({ _tag: 'Failed', query: 1 })
    one.answer({ code: 5 })
    one.give({ _tag: 'Failed', query: 3 })
    expect(one.asks()).toHaveLength(4)
    expect(one.result()).toEqual({ _tag: 'Failed', reason: 'refused', ttl: 5 })
  })

  it('ignores an answer with another identifier, name, type or class, and a question (D02)', () => {
    const one = asking()
    const id = decode(Buffer.from(one.last().message)).id!
    const answers = [a(NAME, '6.6.6.6')]
    one.answer({ id: (id + 1) & 0xffff, answers })
    one.answer({ questions: [{ name: 'other.example.net', type: 'A' }], answers })
    one.answer({ questions: [{ name: NAME, type: 'AAAA' }], answers })
    one.answer({ questions: [{ name: NAME, type: 'A', class: 'CH' }], answers })
    one.answer({ questions: [], answers })
    one.answer({ type: 'query', answers })
    one.give({ _tag: 'Message', query: 7, message: new Uint8Array(40) })
    one.give({ _tag: 'Message', query: 0, message: Uint8Array.of(1, 2, 3) })
    expect(one.result()).toBeUndefined()
    one.answer({ questions: [{ name: 'Host.Example.NET', type: 'A' }], answers: [a(NAME, '10.0.0.1')] })
    expect(one.result()).toMatchObject({ addresses: ['10.0.0.1'] })
  })

  it('believes only records that follow from the name', () => {
    const one = asking()
    one.answer({ answers: [a('bank.example.net', '6.6.6.6'), a(NAME, '10.0.0.1')] })
    expect(one.result()).toMatchObject({ addresses: ['10.0.0.1'] })
  })

  it('asks the same server over TCP when the answer was cut, and the next when that fails (D03)', () => {
    const one = asking(['10.0.0.1', '10.0.0.2'])
    one.answer({ flags: TRUNCATED_RESPONSE, answers: [a(NAME, '10.0.0.1')] })
    expect(one.last()).toMatchObject({ over: 'tcp', server: '10.0.0.1', query: 1 })
    one.give({ _tag: 'Failed', query: 1 })
    expect(one.last()).toMatchObject({ over: 'udp', server: '10.0.0.2', query: 2 })
    one.answer({ flags: TRUNCATED_RESPONSE })
    one.answer({ answers: [a(NAME, '10.0.0.9')] })
    expect(one.result()).toMatchObject({ addresses: ['10.0.0.9'] })
  })

  it('follows aliases inside an answer, and asks for the one that leads out of it', () => {
    const one = asking()
    one.answer({ answers: [cname(NAME, 'b.example.net', 50), cname('b.example.net', 'c.example.org', 40)] })
    expect(decode(Buffer.from(one.last().message)).questions).toMatchObject([{ name: 'c.example.org' }])
    one.answer({ answers: [a('c.example.org', '10.0.0.3', 90)] })
    expect(one.result()).toEqual({ _tag: 'Found', addresses: ['10.0.0.3'], ttl: 40 })
  })

  it('follows eight aliases and no ninth, in a loop or not (D04)', () => {
    const chain = (n: number) =>
      Array.from({ length: n }, (_, i) => cname(i === 0 ? NAME : `n${i}.example.net`, `n${i + 1}.example.net`))
    const eight = asking()
    eight.answer({ answers: [...chain(8), a('n8.example.net', '10.0.0.8')] })
    expect(eight.result()).toMatchObject({ addresses: ['10.0.0.8'] })
    const nine = asking()
    nine.answer({ answers: [...chain(9), a('n9.example.net', '10.0.0.9')] })
    expect(nine.result()).toMatchObject({ _tag: 'Failed' })
    const loop = asking()
    loop.answer({ answers: [cname(NAME, 'b.example.net'), cname('b.example.net', NAME)] })
    expect(loop.result()).toMatchObject({ _tag: 'Failed' })
    const slow = asking()
    for (let i = 1; i <= 9; i++)
      slow.answer({ answers: [cname(i === 1 ? NAME : `s${i - 1}.example.net`, `s${i}.example.net`)] })
    expect(slow.result()).toMatchObject({ _tag: 'Failed' })
  })

  it('keeps that there is nothing for as long as the zone says, five minutes at most (D07)', () => {
    for (const [code, ttl, minimum, kept] of [
      [3, 60, 30, 30],
      [3, 20, 30, 20],
      [0, 3600, 3600, 300],
    ] as const) {
      const one = asking()
      one.answer({ code, authorities: [soa(ttl, minimum)] })
      expect(one.result()).toEqual({ _tag: 'Nothing', ttl: kept })
    }
    const silent = asking()
    silent.answer({ code: 3 })
    expect(silent.result()).toEqual({ _tag: 'Nothing', ttl: 0 })
  })
})

describe('a message', () => {
  const head = [0, 1, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0]
  const question = [1, 0x61, 0, 0, 1, 0, 1]
  const record = (...name: readonly number[]) =>
    Uint8Array.from([...head, ...question, ...name, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1])
  it('with a pointer back is read', () => {
    expect(readAnswer(record(0xc0, 12))?.records).toEqual([{ name: 'a', type: 'A', ttl: 9, address: '10.0.0.1' }])
  })
  it.each([
    { says: 'to itself', name: [0xc0, 19] },
    { says: 'forward', name: [0xc0, 21] },
    { says: 'in a circle', name: [1, 0x62, 0xc0, 19] },
    { says: 'out of it', name: [0xff, 0xff] },
    { says: 'of a kind that does not exist', name: [0x80, 12] },
  ])('with a pointer $says is none (D05)', ({ name }) => {
    expect(readAnswer(record(...name))).toBeUndefined()
  })
  it('that is cut anywhere is none, and arbitrary bytes throw nothing', () => {
    const whole = record(0xc0, 12)
    for (let length = 0; length < whole.length; length++) expect(readAnswer(whole.subarray(0, length))).toBeUndefined()
    const random = seededRandom(9)
    for (let i = 0; i < 3000; i++) {
      const bytes = whole.slice()
      for (let n = 0; n < 3; n++) bytes[random(1)[0]! % bytes.length] = random(1)[0]!
      readAnswer(bytes)
      readAnswer(random(i % 200))
    }
  })
})

it('names are lower case, of labels of 63 characters and 253 in all', () => {
  const label = 'x'.repeat(63)
  expect(domainName('Host.Example.NET.')).toBe('host.example.net')
  expect(domainName('_sip._udp.a')).toBe('_sip._udp.a')
  expect(domainName(`${label}.${label}.${label}.${label.slice(0, 61)}`)).toHaveLength(253)
  for (const none of ['', '.', 'a..b', '.a', '-a', 'a-', 'a b', 'ü.de', `${label}x`, `${label}.`.repeat(3) + label])
    expect([none, domainName(none)]).toEqual([none, undefined])
  expect([isWithin('a.b.c', 'b.c'), isWithin('b.c', 'b.c'), isWithin('ab.c', 'b.c')]).toEqual([true, true, false])
})

it('the cache forgets what is too old, the oldest beyond a thousand, and never keeps what has no time', () => {
  const cache = dnsCache()
  const found = { _tag: 'Found', addresses: ['10.0.0.1'], ttl: 10 } as const
  cache.keep('a', found, 0)
  expect([cache.find('a', 9_999), cache.find('a', 10_000)]).toEqual([found, undefined])
  cache.keep('b', { _tag: 'Nothing', ttl: 0 }, 0)
  expect(cache.find('b', 0)).toBeUndefined()
  for (let i = 0; i <= 1000; i++) cache.keep(`${i}`, found, 0)
  expect([cache.find('0', 1), cache.find('1', 1), cache.find('1000', 1)]).toEqual([undefined, found, found])
})
