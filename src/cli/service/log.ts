import type { TraceRecord, ZtEvent } from '../../index.node.ts'
import type { Call } from '../command.ts'

export type LogLevel = TraceRecord['level']

/** What a service prints: its events and its structured log, one line each. */
export class Log {
  readonly level: LogLevel
  readonly #call: Call
  /** systemd's journal knows the time, and takes the level from a prefix. */
  readonly #journal: boolean

  constructor(call: Call, level: LogLevel) {
    this.#call = call
    this.level = level
    this.#journal = call.io.env['JOURNAL_STREAM'] !== undefined
  }

  say(level: LogLevel, at: number, what: string, text: string, document: Readonly<Record<string, unknown>>): void {
    if (!this.shows(level)) return
    const { out } = this.#call
    out.document({ at, level, ...document })
    const time = out.style('dim', new Date(at).toISOString())
    const head = this.#journal ? `<${PRIORITIES[level]}>` : `${time} ${out.style(COLORS[level], level.padEnd(5))} `
    out.line(`${head}${what}${text === '' ? '' : ` ${text}`}`)
  }

  shows(level: LogLevel): boolean {
    return LEVELS.indexOf(level) <= LEVELS.indexOf(this.level)
  }

  event(event: ZtEvent): void {
    const { type, at, ...more } = event
    const known = 'error' in more ? { ...more, error: { code: more.error.code, message: more.error.message } } : more
    this.say(levelOf(event), at, type, textOf(event), { event: type, ...known })
  }
  record({ level, at, scope, message, data }: TraceRecord): void {
    this.say(level, at, scope, message, { scope, message, ...(data === undefined ? {} : { data }) })
  }
}

const levelOf = (event: ZtEvent): LogLevel => {
  switch (event.type) {
    case 'node/fatal':
      return 'error'
    case 'node/offline':
    case 'network/denied':
    case 'network/not-found':
    case 'network/too-old':
    case 'network/auth-required':
    case 'address/conflict':
      return 'warn'
    case 'peer/path-added':
    case 'peer/path-removed':
    case 'route/added':
    case 'route/removed':
    case 'network/requesting':
      return 'debug'
    default:
      return 'info'
  }
}

const textOf = (event: ZtEvent): string => {
  switch (event.type) {
    case 'node/fatal':
      return event.error.message
    case 'node/up':
    case 'node/online':
    case 'node/offline':
    case 'node/down':
      return event.node.id
    case 'peer/direct':
    case 'peer/relay':
    case 'peer/unreachable':
      return `${event.peer.id} ${event.peer.role}`
    case 'peer/path-added':
    case 'peer/path-removed':
      return `${event.peer.id} ${event.path.endpoint.address}/${event.path.endpoint.port}`
    case 'route/added':
    case 'route/removed':
      return `${event.networkId} ${event.route.target.address}/${event.route.target.bits}`
    case 'address/added':
    case 'address/removed':
      return `${event.networkId} ${event.address.address}/${event.address.bits}`
    case 'address/conflict':
      return `${event.networkId} ${event.address} is also used by ${event.claimant ?? event.mac}`
    case 'network/ready':
      return `${event.network.id} IPv${event.family}`
    case 'network/update':
      return `${event.network.id} ${event.changed.join(', ')}`
    default:
      return `${event.network.id}${event.network.name === '' ? '' : ` ${event.network.name}`}`
  }
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 }
const COLORS = { error: 'red', warn: 'yellow', info: 'green', debug: 'gray' } as const
