import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { answeringPeer } from './answering-peer.ts'
import type { Flow } from './flow.ts'
import type { Heard } from './heard.ts'
import type { Sent } from './read-frame.ts'
import { fits, type Statement } from './script.ts'
import type { World } from './world.ts'
import { writeFrame, writePayload } from './write-frame.ts'

/** What a line may touch. */
export interface Stage {
  readonly world: World
  readonly sent: Sent[]
  readonly news: Heard[]
  readonly flows: ReadonlyMap<string, Flow>
  readonly flowOf: (label?: string) => Flow
  readonly open: ReadonlySet<number>
  readonly variables: Map<string, number>
  readonly run: (until: number, stop?: () => boolean) => void
  readonly input: (frames: readonly Frame[]) => void
  readonly play: (text: string) => void
  readonly showLink: () => void
  /** The last question to a name server, by kind: its number and the port it came from. */
  readonly asked: Map<string, { readonly id: number; readonly port: number }>
  readonly resolve: (name: string, servers: readonly string[]) => void
  /** What `frag` lines cut into pieces. */
  datagram?: { readonly protocol: number; readonly bytes: Uint8Array }
}

/** Verbs of the play itself. One that `looksBack` deals with what was sent before; others want all of it expected. */
export const verbs: Readonly<
  Record<string, { readonly looksBack?: true; readonly act: (stage: Stage, line: Statement) => void }>
> = {
  /** Forgets what was sent and told until now. */
  skip: {
    looksBack: true,
    act: ({ sent, news }, { words }) => {
      if (words[0] !== 'news') sent.length = 0
      if (words[0] !== 'sent') news.length = 0
    },
  },
  /** `sent 10`: so many segments with data (or frames of a kind) left since the last look. */
  sent: {
    looksBack: true,
    act: ({ sent }, { words, fields }) => {
      const kind = words[1]
      const counted = sent.filter((s) =>
        kind === undefined ? s.kind === 'tcp' && !s.words[1]!.endsWith('+0') : s.kind === kind || s.words[0] === kind,
      )
      const matching = counted.filter((s) => [...fields].every(([name, wanted]) => fits(s.fields.get(name), wanted)))
      if (!fits(`${matching.length}`, words[0]!)) throw new Error(`${matching.length} were sent`)
      sent.length = 0
    },
  },
  /** As `sent`, and what was counted is still to be looked at. */
  count: {
    looksBack: true,
    act: ({ sent }, { words }) => {
      const counted = sent.filter((s) => s.kind === 'tcp' && !s.words[1]!.endsWith('+0')).length
      if (!fits(`${counted}`, words[0]!)) throw new Error(`${counted} were sent`)
    },
  },
  /** `answers delay=100 every=2 lose=5001,7001`: from now on the peer acknowledges by itself. */
  answers: {
    looksBack: true,
    act: (stage, { label, words, fields }) => {
      const flow = stage.flowOf(label)
      flow.peer ??= answeringPeer(stage, flow, !words.includes('nosack'))
      for (const name of ['delay', 'every', 'win'] as const)
        if (fields.has(name)) flow.peer[name] = Number(fields.get(name))
      flow.peer.losing.push(...(fields.get('lose')?.split(',').map(Number) ?? []))
    },
  },
  /** `again 60`: so many segments were sent again since the last look. */
  again: {
    looksBack: true,
    act: (stage, { label, words }) => {
      const { peer } = stage.flowOf(label)
      if (!fits(`${peer!.again}`, words[0]!)) throw new Error(`${peer!.again} were sent again`)
      peer!.again = 0
    },
  },
  /** The program was told nothing loud since the last look. */
  untold: {
    looksBack: true,
    act: ({ news }) => {
      const loud = news.find((n) => !n.isQuiet)
      if (loud !== undefined) throw new Error(`the program was told: ${loud.text}`)
    },
  },
  /** Times with `at` count from here. */
  mark: { looksBack: true, act: ({ world, variables }) => void variables.set('mark', world.now()) },
  /** `let NAME VALUE`. */
  let: { looksBack: true, act: ({ variables }, { words }) => void variables.set(words[0]!, Number(words[1])) },
  show: { act: ({ showLink }) => showLink() },
  /** The handshake of a connection that the peer opens, seen by nobody. */
  established: {
    act: (stage, line) => {
      const rtt = line.fields.get('rtt') ?? '0'
      const label = line.label === undefined ? '' : `${line.label}: `
      const names = ['mss', 'ws', 'sackok', 'ts']
      const given = [...line.fields].filter(([k]) => names.includes(k)).map(([k, v]) => `${k}=${v}`)
      const offers = [...given, ...line.words]
      const options = [...line.fields].filter(([k]) => !names.includes(k) && k !== 'rtt' && k !== 'win')
      const syn = offers.length === 0 ? 'mss=1000 sackok ws=7' : offers.join(' ')
      const win = line.fields.get('win') ?? (syn.includes('ws=') ? '512' : '65535')
      if (stage.flowOf('listener').id === undefined)
        stage.play(`listener: listen ${options.map(([k, v]) => `${k}=${v}`).join(' ')}`)
      stage.play(`${label}< S 0 ${syn}`)
      stage.play(`${label}> SA 0`)
      stage.play(`${label}+${rtt} < A 1 ack=1 win=${win}`)
      stage.play(`${label}! accepted`)
    },
  },
  /** The peer acknowledges the data that was sent, every second segment or as `every` says. */
  acks: {
    looksBack: true,
    act: (stage, { label, fields }) => {
      const every = Number(fields.get('every') ?? 2)
      const win = fields.has('win') ? ` win=${fields.get('win')}` : ''
      const segments = stage.sent.splice(0).filter((s) => s.kind === 'tcp' && !s.words[1]!.endsWith('+0'))
      segments.forEach((s, i) => {
        if ((i + 1) % every !== 0 && i !== segments.length - 1) return
        const [seq, length] = s.words[1]!.split('+').map(Number)
        const line = `${label === undefined ? '' : `${label}: `}< A ${fields.get('seq') ?? 1} ack=${seq! + length!}${win}`
        const later = stage.sent.splice(0)
        stage.play(line)
        stage.sent.unshift(...later)
      })
    },
  },
  /** `resolve NAME servers=A,B`. */
  resolve: {
    act: ({ world, resolve }, { words, fields }) =>
      resolve(words[0]!, fields.get('servers')?.split(',') ?? [world.peer]),
  },
  /** What `frag` lines are pieces of. */
  datagram: {
    act: (stage, line) => {
      stage.datagram = writePayload(stage, line)
    },
  },
  /** `batch N < LINE`: so many frames in one go. */
  batch: {
    act: (stage, { words, fields, label }) => {
      const [count, , ...rest] = words
      const line: Statement = { label, when: undefined, verb: '<', words: rest, fields, times: 1 }
      stage.input(Array.from({ length: Number(count) }, (_, n) => writeFrame(stage, line, n)))
    },
  },
  /** The first sequence numbers of all connections so far have nothing to do with each other. */
  unrelated: {
    act: ({ flows }) => {
      const numbers = [...flows.values()].flatMap(({ lastSyn }) => lastSyn ?? [])
      const steps = numbers.slice(1).map((n, i) => (n - numbers[i]!) | 0)
      if (numbers.length < 2 || new Set(numbers).size < numbers.length || new Set(steps).size < steps.length)
        throw new Error(`${numbers.length} numbers, ${new Set(steps).size} distances`)
    },
  },
  /** `mutate N < LINE`: so many copies of a frame with a byte behind the IP header that is another; all are as many as `RXZT_FUZZ`. */
  mutate: {
    act: (stage, { words, fields, label }) => {
      const line: Statement = { label, when: undefined, verb: '<', words: words.slice(2), fields, times: 1 }
      const frame = writeFrame(stage, line)
      const random = seededRandom(19)
      for (let n = Math.ceil(Number(words[0]) * FUZZ); n > 0; n--) {
        const payload = frame.payload.slice()
        const [high, low, change] = random(3)
        const header = frame.etherType === 0x0800 ? 20 : 40
        payload[header + (((high! << 8) | low!) % (payload.length - header))]! ^= change! || 1
        stage.input([{ ...frame, payload }])
      }
    },
  },
  /** Sequence numbers of the stack count from its last SYN from now on; the flow is a new connection. */
  rebase: {
    looksBack: true,
    act: (stage, { label }) => {
      const flow = stage.flowOf(label)
      Object.assign(flow, { ours: flow.lastSyn, tsBase: undefined, next: 1, written: 0, read: 0 })
    },
  },
  /** The interface as a whole: `configure mtu=1500 10.0.0.1/24 fd00::1/64 route=10.1.0.0/16,10.0.0.9,0`. */
  configure: {
    act: ({ world }, { words, fields }) => {
      const routes = [...fields]
        .filter(([k]) => k.startsWith('route'))
        .map(([, v]) => {
          const [target, via, metric] = v.split(',')
          const [address, bits] = target!.split('/')
          return {
            target: { address: address!, bits: Number(bits) },
            via: via || undefined,
            metric: Number(metric ?? 0),
          }
        })
      const addresses = words.length > 0 ? words : ['10.0.0.1/24', 'fd00::1/64']
      world.configure(Number(fields.get('mtu') ?? 2800), addresses, routes)
    },
  },
  /** `memory fragments=<64`: what the stack holds. */
  memory: {
    looksBack: true,
    act: ({ world }, { fields }) => {
      const sizes = new Map(Object.entries(world.sizes()).map(([k, v]) => [k, `${v}`]))
      for (const [name, wanted] of fields)
        if (!fits(sizes.get(name), wanted)) throw new Error(`${name} is ${sizes.get(name)}`)
    },
  },
}

/** How many times more than ten thousand frames are mutated. */
const FUZZ = Number(process.env['RXZT_FUZZ'] ?? 10_000) / 10_000
