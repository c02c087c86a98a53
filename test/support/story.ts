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
/** The same for what happens to the networks of a node, which have lines of their own where a story shows them. */
const networkSymbols = {
  'network/requesting': '?',
  'network/denied': 'n',
  'network/not-found': 'f',
  'network/ok': 'k',
  'network/ready': 'y',
  'network/update': 'c',
  'network/down': 'z',
  'address/added': 'a',
  'address/removed': 'b',
  'route/added': 'g',
  'route/removed': 'h',
} as const satisfies Partial<Record<ZtEvent['type'], string>>
type ShownOfNetwork = keyof typeof networkSymbols

/** The line above every diagram. */
export const legend =
  '^ up   o online   x offline   $ down   ! fatal   r relayed   d direct   u unreachable   p path found   q path lost'

/** The line below it in diagrams that show networks. */
export const networkLegend =
  '? requesting   n denied   f not found   k ok   y ready (by family)   c changed   z down   a b address added, removed   g h route added, removed'

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
  readonly #withNetworks: boolean
  readonly #networks: string[] = []

  constructor(now: () => number, { networks = false }: { readonly networks?: boolean } = {}) {
    this.#now = now
    this.#withNetworks = networks
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
    if (this.#withNetworks && isOfNetwork(event)) this.#tellOfNetwork(name, event)
    if (!isShown(event)) return
    if ('node' in event) {
      this.#mark(name, event.type)
      return
    }
    const other = this.#names.get(event.peer.id)
    if (other !== undefined) this.#mark(`${name}→${other}`, event.type, 'path' in event ? event.path : undefined)
  }

  #tellOfNetwork(name: string, event: Extract<ZtEvent, { readonly type: ShownOfNetwork }>): void {
    const id = 'network' in event ? event.network.id : event.networkId
    if (!this.#networks.includes(id)) this.#networks.push(id)
    const line = `${name} on net ${this.#networks.indexOf(id) + 1}`
    this.#check(line, event.type, undefined)
    this.#marks.push({ at: this.#now(), line, symbol: networkSymbols[event.type], act: this.#acts.at(-1)! })
  }

  #mark(line: string, type: Shown, path?: Path): void {
    this.#check(line, type, path)
    this.#marks.push({ at: this.#now(), line, symbol: symbols[type], act: this.#acts.at(-1)! })
  }

  #check(line: string, type: Shown | ShownOfNetwork, path: Path | undefined): void {
    const order = this.#order.get(line) ?? new OrderOf(line)
    this.#order.set(line, order)
    const problem = order.check(type, path)
    if (problem !== undefined) this.problems.push(problem)
  }
}

/** The order that the events of one node, of one of its networks, or of one link promise. */
class OrderOf {
  /** How many there are to each endpoint, by whatever socket. */
  readonly #paths = new Map<string, number>()
  readonly #line: string
  #last: Shown | ShownOfNetwork | undefined
  #seen = new Set<ShownOfNetwork>()

  constructor(line: string) {
    this.#line = line
  }

  /** What is wrong with an event, if anything. */
  check(type: Shown | ShownOfNetwork, path: Path | undefined): string | undefined {
    const wrong =
      type in networkSymbols ? this.#wrongOfNetwork(type as ShownOfNetwork) : this.#wrong(type as Shown, path)
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

  /** requesting < (denied | not found)* < ok ≤ address < ready; after its end nothing until it is joined anew. */
  #wrongOfNetwork(type: ShownOfNetwork): string | undefined {
    const last = this.#last
    this.#last = type
    if (type === 'network/requesting' && (last === undefined || last === 'network/down')) {
      this.#seen = new Set([type])
      return undefined
    }
    if (last === undefined || last === 'network/down') return `after ${last ?? 'nothing'}`
    if (type === last && type.startsWith('network/') && type !== 'network/ready' && type !== 'network/update')
      return 'twice in a row'
    if (type === 'network/denied') this.#seen.delete('network/ok')
    if (type === 'address/added' && !this.#seen.has('network/ok')) return 'before network/ok'
    if (type === 'address/removed' && !this.#seen.has('address/added')) return 'before it was added'
    if (type === 'network/ready' && !this.#seen.has('address/added')) return 'before an address'
    this.#seen.add(type)
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
const isOfNetwork = (event: ZtEvent): event is Extract<ZtEvent, { readonly type: ShownOfNetwork }> =>
  event.type in networkSymbols
