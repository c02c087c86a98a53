import { readU16 } from '../../protocol/kernel/codec.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import type { Machine, Millis } from '../../protocol/kernel/machine.ts'
import type { Random } from '../../protocol/kernel/rng.ts'
import { type AddressType, type DnsAnswer, readAnswer, writeQuery } from './message.ts'

/** One question to name servers, until it is answered (RFC 1035 §7, RFC 5452). */
export interface LookupConfig {
  /** As `domainName` gives it. */
  readonly name: string
  readonly type: AddressType
  readonly servers: readonly IpAddress[]
  readonly random: Random
}

export type LookupInput =
  | { readonly _tag: 'Begin' }
  /** An answer to the query of this number, from the server and port it went to. */
  | { readonly _tag: 'Message'; readonly query: number; readonly message: Uint8Array }
  /** The query cannot be answered: port unreachable, connection refused or ended. */
  | { readonly _tag: 'Failed'; readonly query: number }

export type LookupOutput =
  /** To be sent from a port of its own. Answers to earlier queries still count. */
  | {
      readonly _tag: 'Ask'
      readonly query: number
      readonly over: 'udp' | 'tcp'
      readonly server: IpAddress
      readonly message: Uint8Array
    }
  | { readonly _tag: 'Done'; readonly result: LookupResult }

/** `ttl` in seconds: how long the result may be kept. */
export type LookupResult =
  | { readonly _tag: 'Found'; readonly addresses: readonly IpAddress[]; readonly ttl: number }
  /** There is no such name, or it has no such address. */
  | { readonly _tag: 'Nothing'; readonly ttl: number }
  | { readonly _tag: 'Failed'; readonly reason: 'refused' | 'timeout'; readonly ttl: number }

interface Asked {
  readonly id: number
  readonly server: IpAddress
  readonly over: 'udp' | 'tcp'
}
/** A mutable accumulator. */
export interface LookupState {
  readonly open: Map<number, Asked>
  /** Changes when an alias leads on. */
  name: string
  aliases: number
  ttl: number
  /** Queries so far, and those for the present name. */
  queries: number
  attempts: number
  refused: boolean
  isDone: boolean
  deadline: Millis
}

/**
 * Asks each server in turn, two rounds, and waits 1 s in the first and 2 s in the second; a truncated answer is asked
 * for again over TCP. Only what answers a question of ours counts: identifier, name and type, and by its socket the
 * server. Aliases are followed inside an answer, and asked for where they lead out of it.
 */
export const lookup = (config: LookupConfig): Machine<LookupState, LookupInput, LookupOutput> => {
  const { type, servers, random } = config

  const done = (s: LookupState, result: LookupResult): readonly LookupOutput[] => {
    s.isDone = true
    s.deadline = Infinity
    return [{ _tag: 'Done', result }]
  }
  const fail = (s: LookupState): readonly LookupOutput[] =>
    done(s, { _tag: 'Failed', reason: s.refused ? 'refused' : 'timeout', ttl: s.refused ? FAILED_TTL : 0 })

  const ask = (s: LookupState, server: IpAddress, over: 'udp' | 'tcp', until: Millis): readonly LookupOutput[] => {
    const id = readU16(random(2), 0)
    const query = s.queries++
    s.open.set(query, { id, server, over })
    s.deadline = until
    return [{ _tag: 'Ask', query, over, server, message: writeQuery(id, s.name, type) }]
  }
  const next = (s: LookupState, now: Millis): readonly LookupOutput[] => {
    const attempt = s.attempts++
    const server = servers[attempt % servers.length]
    if (server === undefined || attempt >= ROUNDS * servers.length) return fail(s)
    return ask(s, server, 'udp', now + (attempt < servers.length ? PATIENCE : PATIENCE * 2))
  }
  /** The last query came to nothing: on to the next. Of earlier ones nobody waits. */
  const over = (s: LookupState, query: number, now: Millis): readonly LookupOutput[] => {
    s.open.delete(query)
    return query === s.queries - 1 ? next(s, now) : []
  }

  const answered = (s: LookupState, query: number, message: Uint8Array, now: Millis): readonly LookupOutput[] => {
    const asked = s.open.get(query)
    const answer = asked === undefined ? undefined : readAnswer(message)
    if (asked === undefined || answer === undefined) return []
    if (answer.id !== asked.id || answer.name !== s.name || answer.type !== type) return []
    if (answer.code !== NO_ERROR && answer.code !== NO_SUCH_NAME) {
      s.refused = true
      return over(s, query, now)
    }
    if (!answer.truncated) return settle(s, answer, now)
    s.open.delete(query)
    return asked.over === 'tcp' ? next(s, now) : ask(s, asked.server, 'tcp', now + TCP_PATIENCE)
  }

  const settle = (s: LookupState, answer: DnsAnswer, now: Millis): readonly LookupOutput[] => {
    const before = s.aliases
    for (;;) {
      const addresses = answer.records.flatMap((one) => (one.type === type && one.name === s.name ? [one] : []))
      if (addresses.length > 0) {
        const ttl = Math.min(s.ttl, ...addresses.map((one) => one.ttl))
        const found = [...new Set(addresses.map(({ address }) => address))]
        return done(s, { _tag: 'Found', addresses: found, ttl: Math.max(LEAST_TTL, ttl) })
      }
      const alias = answer.records.find((one) => one.type === 'CNAME' && one.name === s.name)
      if (alias?.type !== 'CNAME') break
      if (++s.aliases > MOST_ALIASES) {
        s.refused = true
        return fail(s)
      }
      s.name = alias.target
      s.ttl = Math.min(s.ttl, alias.ttl)
    }
    // an alias out of this answer, unless the answer also says that nothing is there
    const leadsOut = s.aliases > before && answer.code === NO_ERROR && answer.negativeTtl === undefined
    if (!leadsOut) return done(s, { _tag: 'Nothing', ttl: answer.negativeTtl ?? 0 })
    s.open.clear()
    s.attempts = 0
    return next(s, now)
  }

  return {
    initial: {
      ...{ open: new Map(), name: config.name, aliases: 0, ttl: MOST_TTL, queries: 0, attempts: 0 },
      ...{ refused: false, isDone: false, deadline: Infinity },
    },
    step: (s, input, now) => {
      if (s.isDone) return [s, []]
      switch (input._tag) {
        case 'Begin':
          return [s, next(s, now)]
        case 'Failed':
          return [s, s.open.has(input.query) ? over(s, input.query, now) : []]
        case 'Message':
          return [s, answered(s, input.query, input.message, now)]
      }
    },
    deadline: (s) => s.deadline,
    tick: (s, now) => [s, now < s.deadline ? [] : next(s, now)],
  }
}

const ROUNDS = 2
const PATIENCE: Millis = 1_000
const TCP_PATIENCE: Millis = 5_000
const MOST_ALIASES = 8
const LEAST_TTL = 1
const MOST_TTL = 86_400
/** That a server fails is kept for this long (RFC 9520 asks for at least one second). */
const FAILED_TTL = 5
const NO_ERROR = 0
const NO_SUCH_NAME = 3
