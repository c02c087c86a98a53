import { type ChildProcess, spawn } from 'node:child_process'
import { type Identity, sixPlane } from 'rxzt'
import { eventually, type NativeNode, type OurNode, pause, type Segment } from './namespaces.ts'

export type Make = 'ours' | 'native'
export const program = process.env['RXZT_NATIVE'] ?? ''
/** A network without a controller: whoever joins is a member, and addresses follow from node IDs. */
export const NETWORK = 'ff0000ffff000000'
export const addressOf = (node: string): string => sixPlane(NETWORK, node)

/** A member of the ad-hoc network, of either make, that can be ended and started again. */
export interface Station {
  readonly make: Make
  readonly id: string
  readonly host: string
  /** Starts the program; resolves with the ms it took from there until a root answered. Loading ours does not count. */
  start(): Promise<number>
  /** When that was, in ms since the epoch. */
  readonly startedAt: number
  join(): Promise<void>
  /** Ends the program without a word. */
  kill(): Promise<void>
  /** Sends echoes to another member, five a second, until it is ended. */
  echo(to: Station): Promise<void>
  /** When answers came, in ms since the epoch. */
  echoed(): Promise<readonly number[]>
  /** Whether a path straight to the other is in use. */
  isDirect(to: Station): Promise<boolean>
}

interface Place {
  readonly segment: Segment
  readonly host: string
  readonly identity: Identity
  readonly planet: Uint8Array
}

export const stationOf = (make: Make, place: Place): Station =>
  make === 'ours' ? new OurStation(place) : new NativeStation(place)

/** The root of a planet, of either make, and when it was started. */
export const startRoot = async (
  make: Make,
  { segment, host, identity, planet }: Place,
): Promise<{ readonly root: OurNode | NativeNode; readonly startedAt: number }> => {
  if (make === 'native') {
    const startedAt = Date.now()
    return { root: await segment.native(host, program, identity, planet), startedAt }
  }
  const root = segment.ours(host)
  await root.tell({ do: 'state' })
  const startedAt = Date.now()
  await root.tell({
    do: 'node',
    role: 'root',
    identity: identity.exportSecret(),
    planet: Buffer.from(planet).toString('hex'),
    address: segment.address(host),
    home: segment.home(host),
  })
  return { root, startedAt }
}

export class OurStation implements Station {
  readonly make = 'ours'
  readonly id: string
  readonly host: string
  node!: OurNode
  startedAt = 0
  readonly #place: Place

  constructor(place: Place) {
    this.#place = place
    this.id = place.identity.public.slice(0, 10)
    this.host = place.host
  }

  async start(): Promise<number> {
    const { segment, host, identity, planet } = this.#place
    this.node = segment.ours(host)
    await this.node.tell({ do: 'state' }) // the program is loaded
    this.startedAt = Date.now()
    const { ms } = await this.node.tell({
      do: 'node',
      role: 'member',
      identity: identity.exportSecret(),
      planet: Buffer.from(planet).toString('hex'),
      home: segment.home(host),
    })
    return ms
  }

  async join(): Promise<void> {
    await this.node.tell({ do: 'join', network: NETWORK })
  }
  async kill(): Promise<void> {
    await this.node.kill()
  }
  async echo(to: Station): Promise<void> {
    await this.node.tell({ do: 'echoes', host: addressOf(to.id) })
  }
  async echoed(): Promise<readonly number[]> {
    return this.node.tell({ do: 'echoed' })
  }
  async isDirect(to: Station): Promise<boolean> {
    return (await this.node.tell({ do: 'peer', id: to.id })).link === 'direct'
  }
}

export class NativeStation implements Station {
  readonly make = 'native'
  readonly id: string
  readonly host: string
  node!: NativeNode
  startedAt = 0
  readonly #place: Place
  readonly #echoed: number[] = []
  #ping: ChildProcess | undefined
  #ended = false

  constructor(place: Place) {
    this.#place = place
    this.id = place.identity.public.slice(0, 10)
    this.host = place.host
  }

  async start(): Promise<number> {
    const { segment, host, identity, planet } = this.#place
    this.#ended = false
    this.startedAt = Date.now()
    this.node = await segment.native(host, program, identity, planet)
    await eventually(
      'online',
      () => this.node.api('GET', '/status'),
      (status) => status.online === true,
    )
    return Date.now() - this.startedAt
  }

  async join(): Promise<void> {
    this.node.api('POST', `/network/${NETWORK}`, {})
    await eventually(
      'network',
      () => this.node.api('GET', `/network/${NETWORK}`),
      (network) => network.status === 'OK',
    )
  }
  async kill(): Promise<void> {
    this.#ended = true
    this.#ping?.kill('SIGKILL')
    await this.node.kill()
  }
  async echo(to: Station): Promise<void> {
    const { segment, host } = this.#place
    const args = ['netns', 'exec', segment.ns(host), 'ping', '-6nD', '-i', '0.2', addressOf(to.id)]
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#ping = child
    child.stdout.on('data', (text: Buffer) => {
      for (const [, seconds] of text.toString().matchAll(/^\[(\d+\.\d+)\].*time=/gm))
        this.#echoed.push(1000 * Number(seconds))
    })
    // it ends at once while there is no interface yet
    child.once('exit', () => {
      if (!this.#ended && this.#ping === child) setTimeout(() => void this.echo(to), 200)
    })
  }
  async echoed(): Promise<readonly number[]> {
    return this.#echoed
  }
  async isDirect(to: Station): Promise<boolean> {
    const paths = (this.node.try('GET', `/peer/${to.id}`)?.paths ?? []) as readonly { readonly active: boolean }[]
    return paths.some(({ active }) => active)
  }
}

/** ms from `since` until the first answer after it. */
export const untilEchoed = async (station: Station, since: number, most: number): Promise<number> => {
  const echoes = await eventually(
    `an answer to ${station.id}`,
    async () => (await station.echoed()).filter((at) => at > since).slice(0, 1),
    (found) => found.length > 0,
    most,
  )
  return echoes[0]! - since
}

/** ms from `since` until `station` has a path straight to `other`. */
export const untilDirect = async (station: Station, other: Station, since: number, most: number): Promise<number> => {
  for (;;) {
    if (await station.isDirect(other)) return Date.now() - since
    if (Date.now() - since > most) throw new Error(`${station.id} is not direct after ${most} ms`)
    await pause(50)
  }
}
