import type { Path, ZtEvent, ZtNode } from '../../src/index.node.ts'
import { type Act, type Mark, marbles } from './marble.ts'

/** What the characters of a diagram mean. */
const symbols = {
  'node/up': '^',
  'node/online': 'o',
  'node/offline': 'x',
  'node/down': '$',
  'node/fatal': '!',
  'peer/relay': 'r',
  'peer/direct': 'd',
  'peer/unreachable': 'u',
  'peer/path-added': 'p',
  'peer/path-removed': 'q',
} as const satisfies Partial<Record<ZtEvent['type'], string>>
type Shown = keyof typeof symbols

/** The line above every diagram. */
export const legend =
  '^ up   o online   x offline   $ down   ! fatal   r relayed   d direct   u unreachable   p path found   q path lost'

/**
 * What happened to some nodes, and to each link between two of them: a marble diagram with times, the same in words
 * without, and whether it happened in an order that events promise.
 */
export class Story {
  readonly #names = new Map<string, string>()
  readonly #marks: Mark[] = []
  readonly #acts: Act[] = []
  readonly #order = new Map<string, OrderOf>()
  readonly problems: string[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
    this.act('they start')
  }

  add(name: string, node: ZtNode): void {
    this.#names.set(node.id, name)
    node.events$.subscribe((event) => this.#tell(name, event))
  }

  /** The scenario does something now. */
  act(title: string): void {
    this.#acts.push({ at: this.#now(), title })
  }

  get diagram(): string {
    return marbles(this.#acts, this.#marks, this.#now())
  }

  /** Links and nodes, act by act, without times and paths: the same for every seed unless a scenario says otherwise. */
  get plot(): string {
    const lines = [...new Set(this.#marks.map(({ line }) => line))].sort()
    const told = (line: string, act: Act): string =>
      this.#marks
        .filter((mark) => mark.line === line && mark.act === act && !'pq'.includes(mark.symbol))
        .map(({ symbol }) => symbol)
        .join('')
    return lines.map((line) => `${line} ${this.#acts.map((act) => told(line, act)).join(' | ')}`).join('\n')
  }

  #tell(name: string, event: ZtEvent): void {
    if (!isShown(event)) return
    if ('node' in event) {
      this.#mark(name, event.type)
      return
    }
    const other = this.#names.get(event.peer.id)
    if (other !== undefined) this.#mark(`${name}→${other}`, event.type, 'path' in event ? event.path : undefined)
  }

  #mark(line: string, type: Shown, path?: Path): void {
    const order = this.#order.get(line) ?? new OrderOf(line)
    this.#order.set(line, order)
    const problem = order.check(type, path)
    if (problem !== undefined) this.problems.push(problem)
    this.#marks.push({ at: this.#now(), line, symbol: symbols[type], act: this.#acts.at(-1)! })
  }
}

/** The order that the events of one node, or of one link, promise. */
class OrderOf {
  /** How many there are to each endpoint, by whatever socket. */
  readonly #paths = new Map<string, number>()
  readonly #line: string
  #last: Shown | undefined

  constructor(line: string) {
    this.#line = line
  }

  /** What is wrong with an event, if anything. */
  check(type: Shown, path: Path | undefined): string | undefined {
    const wrong = this.#wrong(type, path)
    return wrong === undefined ? undefined : `${this.#line}: ${type} ${wrong}`
  }

  #wrong(type: Shown, path: Path | undefined): string | undefined {
    if (path !== undefined) return this.#wrongPath(type, `${path.endpoint.address} ${path.endpoint.port}`)
    const last = this.#last
    this.#last = type
    if (last === type) return 'twice in a row'
    if (last === 'node/down' || last === 'node/fatal') return 'after the end'
    if (type === 'node/up' && last !== undefined) return `after ${last}`
    if (type.startsWith('node/') && type !== 'node/up' && last === undefined) return 'before node/up'
    if (type === 'peer/direct' && this.#paths.size === 0) return 'without a path'
    if (type === 'node/offline' && last !== 'node/online') return `after ${last}`
    return undefined
  }

  #wrongPath(type: Shown, endpoint: string): string | undefined {
    const known = this.#paths.get(endpoint) ?? 0
    if (type === 'peer/path-added') this.#paths.set(endpoint, known + 1)
    else if (known === 0) return `of ${endpoint}, which was not added`
    else if (known === 1) this.#paths.delete(endpoint)
    else this.#paths.set(endpoint, known - 1)
    return undefined
  }
}

const isShown = (event: ZtEvent): event is Extract<ZtEvent, { readonly type: Shown }> => event.type in symbols
