import { type Answer, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet'
import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import type { IpAddress } from '../../../src/protocol/kernel/ip.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { type Asking, nameQuery } from '../../../src/streams/name-query.ts'
import { type SocketNews, SocketTable } from '../../../src/streams/sockets.ts'
import { dnsCache } from '../../../src/tcpip/dns/cache.ts'
import type { LookupResult } from '../../../src/tcpip/dns/lookup.ts'
import type { AddressType } from '../../../src/tcpip/dns/message.ts'
import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import type { Statement } from './script.ts'
import type { World } from './world.ts'

/**
 * A program that looks up names through the stack under test, both kinds of addresses at once: `resolve NAME
 * servers=A,B`, and the program is told `resolved ADDRESS…` or `unresolved WHY`. The questions are those of the API,
 * with their sockets and timers; its promises are left out, as scripts wait for nothing.
 */
export interface NameClient {
  readonly resolve: (name: string, servers: readonly IpAddress[]) => void
  readonly onOutput: (output: StackOutput) => void
  readonly owns: (output: StackOutput) => boolean
}

export const nameClient = (world: World, newId: () => number, tell: (text: string) => void): NameClient => {
  const cache = dnsCache()
  const table = new SocketTable()
  const mine = new Set<number>()
  const nextId = (): number => {
    const id = newId()
    mine.add(id)
    return id
  }
  const network: Asking = {
    random: seededRandom(53),
    call: world.call,
    sockets: { nextId, add: (id, sink) => table.add(id, sink), drop: (id) => table.drop(id) },
  }
  const clock = clockOf(world)
  const owns = (output: StackOutput): output is SocketNews =>
    'id' in output && output.id !== undefined && mine.has(output.id)

  return {
    owns,
    resolve: (name, servers) => {
      const results: LookupResult[] = []
      const done = (result: LookupResult): void => {
        if (results.push(result) < 2) return
        const found = results.flatMap((r) => (r._tag === 'Found' ? r.addresses : [])).sort()
        const failed = results.find((r) => r._tag === 'Failed')
        if (found.length > 0) tell(`resolved ${found.join(' ')}`)
        else tell(`unresolved ${failed?._tag === 'Failed' ? failed.reason : 'nothing'}`)
      }
      for (const type of ['A', 'AAAA'] as const) {
        const key = `${type} ${name}`
        const kept = cache.find(key, world.now())
        if (kept !== undefined) done(kept)
        else
          nameQuery(network, clock, { name, type, servers }).subscribe((result) => {
            cache.keep(key, result, world.now())
            done(result)
          })
      }
    },
    onOutput: (output) => {
      if (owns(output)) table.deliver(output)
    },
  }
}

/** The clock of the script, for what sets timers. */
const clockOf = (world: World): SchedulerLike => ({
  now: world.now,
  schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription => {
    // what is run here never asks to be run again
    const action: SchedulerAction<T> = Object.assign(new Subscription(), { schedule: () => action })
    world.later(delay, () => {
      if (!action.closed) work.call(action, state)
    })
    return action
  },
})

/** What a name server was asked: number, kind and name of the question. */
export const readQuery = (b: Uint8Array): { readonly id: number; readonly type: string; readonly name: string } => {
  const labels: string[] = []
  let at = 12
  for (; b[at] !== 0; at += b[at]! + 1) labels.push(String.fromCharCode(...b.subarray(at + 1, at + 1 + b[at]!)))
  return { id: (b[0]! << 8) | b[1]!, type: b[at + 2] === 28 ? 'AAAA' : 'A', name: labels.join('.') }
}

/**
 * `dns TYPE NAME [ADDRESS…]`, with `cname=A>B,C>D`, `tc`, `nx`, `servfail`, `soa=SECONDS`, `loop` (a name that points
 * to itself); `wrongid`, `asks=NAME` make it the answer to something else.
 */
export const writeAnswer = (line: Statement, id: number): Uint8Array => {
  const [, type, name, ...rest] = line.words
  const has = (word: string): boolean => rest.includes(word)
  const ttl = Number(line.fields.get('ttl') ?? 60)
  const aliases = (line.fields.get('cname') ?? '').split(',').filter((text) => text !== '')
  const answers: Answer[] = aliases.map((text) => {
    const [from, to] = text.split('>')
    return { type: 'CNAME', name: from!, data: to!, ttl, class: 'IN' }
  })
  const owner = aliases.at(-1)?.split('>')[1] ?? name!
  for (const data of rest.filter((word) => /[.:]/.test(word)))
    answers.push({ type: type as AddressType, name: owner, data, ttl, class: 'IN' })
  const soa = line.fields.get('soa')
  const minimum = Number(soa)
  const code = has('nx') ? 3 : has('servfail') ? 2 : 0
  const b = new Uint8Array(
    encode({
      ...{ type: 'response', id: has('wrongid') ? id ^ 1 : id },
      flags: RECURSION_DESIRED | code | (has('tc') ? TRUNCATED_RESPONSE : 0),
      questions: [{ type: type as AddressType, name: line.fields.get('asks') ?? name!, class: 'IN' }],
      answers,
      authorities:
        soa === undefined
          ? []
          : [
              {
                type: 'SOA',
                name: 'net',
                ttl: minimum,
                class: 'IN',
                data: { mname: 'a.net', rname: 'b.net', minimum },
              },
            ],
    }),
  )
  // the name of the first answer becomes a pointer to its own place
  if (!has('loop')) return b
  const at = 12 + name!.length + 2 + 4
  b[7] = 1
  return Uint8Array.of(...b.subarray(0, at), 0xc0, at, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 9)
}
