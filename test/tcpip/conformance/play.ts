import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import type { RouteEntry, StackOutput } from '../../../src/tcpip/stack-io.ts'
import { calls } from './calls.ts'
import { template, type Variables } from './expression.ts'
import { type Flow, flow } from './flow.ts'
import { type Heard, heard } from './heard.ts'
import { nameClient } from './name-client.ts'
import { isLinkTalk, readFrame, type Sent } from './read-frame.ts'
import { type Case, fits, type Line, parseStatement, type Statement } from './script.ts'
import { type Stage, verbs } from './verbs.ts'
import { createWorld, OWN, PEER, type World } from './world.ts'
import { writeFrame } from './write-frame.ts'

/**
 * Plays a case in one family. Everything that the stack sends, and everything loud that it tells the program, must be
 * expected by a line, in order and at its time; at the end nothing is left: no segment, no news, no timer, no memory.
 */
export const play = (script: Case, family: 4 | 6, worldOf: WorldOf = createWorld): void => {
  const sent: Sent[] = []
  const news: Heard[] = []
  const flows = new Map<string, Flow>()
  const variables = new Map<string, number>()
  let lastId = 0
  let showsLink = false
  let line = 0
  const open = new Set<number>()
  const byId = new Map<number, Flow>()
  /** For sockets of `owner`; what a listener accepts finds its own flow by the port of the peer. */
  const newId = (owner: Flow) => (): number => {
    open.add(++lastId)
    byId.set(lastId, owner)
    return lastId
  }
  const flowOf = (label = DEFAULT): Flow => {
    const found = flows.get(label) ?? flow(label)
    flows.set(label, found)
    return found
  }
  const byPorts = new Map<number, Flow>()
  let dialling: Flow | undefined
  /** Whose segment this is; a connection under way gets its port with the first one. */
  const flowAt = (localPort: number, peerPort: number): Flow => {
    const key = localPort * 65_536 + peerPort
    const known = byPorts.get(key)
    if (known?.localPort === localPort && known.peerPort === peerPort) return known
    const isFree = (f: Flow): boolean => f.peerPort === peerPort && (f.localPort ?? localPort) === localPort
    const found =
      [dialling, flows.get(`${peerPort}`)].find((f) => f !== undefined && isFree(f)) ??
      [...flows.values()].find(isFree) ??
      flowOf(`${peerPort}`)
    found.localPort = localPort
    byPorts.set(key, found)
    return found
  }

  const answers: Frame[] = []
  const onFrame = (frame: Frame): void => {
    const read = readFrame(frame, world.now(), flowAt)
    if (read.flow?.peer !== undefined) read.flow.peer.take(read)
    const question = read.kind === 'dns' ? read.words[0] : read.fields.get('asks')?.split('/')[0]
    if (question !== undefined)
      asked.set(question, { id: Number(read.fields.get('id')), port: Number(read.fields.get('port')) })
    if (!isLinkTalk(read) || showsLink) sent.push(read)
    else if (read.words[0] === 'who-has' || read.words[0] === 'ns') {
      const target = read.words[1]!
      // everybody but us is there, unless a script says that it plays the link itself
      if (target === world.own || read.fields.get('src') === '::' || target === read.words[3]) return
      answers.push(
        frame.etherType === 0x0806
          ? writeFrame(stage, statement('arp', ['is-at', target, 'to', world.own]))
          : writeFrame(
              stage,
              statement(
                'nd',
                ['na', target],
                [
                  ['dst', read.fields.get('src')!],
                  ['src', target],
                ],
              ),
            ),
      )
    }
  }
  const onOutput = (output: StackOutput): void => {
    if (output._tag === 'Accepted') {
      const owner = flowOf(`${output.remote.port}`)
      owner.id = output.id
      byId.set(output.id, owner)
      owner.localPort = output.local.port
    }
    if ((output._tag === 'Failed' || output._tag === 'Closed') && output.id !== undefined) open.delete(output.id)
    names.onOutput(output)
    if (names.owns(output)) return
    const told = heard(output, 'id' in output ? byId.get(output.id) : undefined)
    if (told !== undefined) news.push(told)
  }
  const world = worldOf(family, onFrame, onOutput)
  const asked = new Map<string, { readonly id: number; readonly port: number }>()
  const names = nameClient(world, newId(flowOf('names')), (text) =>
    news.push({ text, id: undefined, isQuiet: false, bytes: 0 }),
  )
  const settle = (): void => {
    for (let frame = answers.shift(); frame !== undefined; frame = answers.shift()) world.hear(frame)
  }
  const run = (until: number, stop?: () => boolean): void => {
    settle()
    world.run(until, () => {
      settle()
      return stop?.() === true
    })
  }

  const stage: Stage = {
    ...{ asked, resolve: names.resolve },
    ...{ world, sent, news, flows, flowOf, open, variables, run },
    input: (frames) => {
      world.hear(...frames)
      settle()
    },
    play: (text) => perform(parseStatement(text, family)(variables)),
    showLink: () => {
      showsLink = true
    },
  }

  const wait = ({ when }: Statement): number => {
    if (when === undefined) return world.now()
    const from = when.isAbsolute ? when.from + (variables.get('mark') ?? 0) : world.now() + when.from
    return from + (when.to - when.from)
  }

  /** The next thing that the stack sends is what the line says. */
  const expectSent = (s: Statement): void => {
    const begin = world.now()
    const until = wait(s)
    for (let n = 0; n < s.times; n++) {
      if (sent.length === 0) run(until + world.tolerance, () => sent.length > 0)
      const found = sent.shift()
      if (found === undefined) throw new Error('nothing was sent')
      const wrong = mismatch(found, s, n, flowOf(s.label))
      if (wrong !== undefined) throw new Error(`sent: ${wrong}`)
      const least = s.when === undefined ? begin : until - (s.when.to - s.when.from)
      if (found.at < least - world.tolerance || found.at > until + world.tolerance)
        throw new Error(`sent at ${found.at}: ${show(found)}`)
    }
  }
  const expectNews = (s: Statement): void => {
    const until = wait(s)
    const wanted = [...s.words].join(' ')
    if (world.isUntold(wanted)) return
    const about = flowOf(s.label)
    const next = (): number => news.findIndex((n) => !n.isQuiet || isSame(n, wanted, about.id))
    if (next() < 0 && (s.when !== undefined || world.tolerance > 0)) run(until + world.tolerance, () => next() >= 0)
    const at = next()
    const found = news[at]
    if (found === undefined) throw new Error('the program was told nothing')
    if (found.text === 'data' && s.words[0] === 'data') {
      let bytes = 0
      for (let n = next(); n >= 0 && news[n]!.text === 'data' && news[n]!.id === about.id; n = next())
        bytes += news.splice(n, 1)[0]!.bytes
      if (!fits(`${bytes}`, s.words[1]!)) throw new Error(`the program was told: data ${bytes}`)
    } else {
      if (!isSame(found, wanted, about.id)) throw new Error(`the program was told: ${tell(found)}`)
      news.splice(0, at + 1)
    }
    if (s.when !== undefined && world.now() < until - (s.when.to - s.when.from) - world.tolerance)
      throw new Error(`told at ${world.now()}`)
  }
  const quiet = (): void => {
    const left = sent.filter((s) => s.flow?.peer === undefined)
    if (left.length > 0) throw new Error(`sent, but not expected: ${left.slice(0, 5).map(show).join('; ')}`)
  }

  const played = new Map<Line, (variables: Variables) => Statement>()
  const step = (given: Line): void => {
    line = given.number
    if ('lines' in given) {
      const [from, to] = template(given.range)(variables).split('..').map(Number)
      for (let n = to === undefined ? 1 : from!; n <= (to ?? from!); n++) {
        variables.set(given.variable, n)
        given.lines.forEach(step)
      }
      return
    }
    const statement = played.get(given) ?? parseStatement(given.text, family)
    played.set(given, statement)
    variables.set('now', world.now())
    perform(statement(variables))
  }
  const perform = (s: Statement): void => {
    if (s.verb === '>') {
      expectSent(s)
      return
    }
    if (s.verb === '!') {
      expectNews(s)
      return
    }
    const verb = verbs[s.verb]
    const looksBack = s.verb === '<<' || verb?.looksBack === true
    if (!looksBack) quiet()
    if (s.when !== undefined) run(wait(s))
    if (!looksBack) quiet()
    if (s.verb === 'wait') return
    const f = flowOf(s.label)
    if (s.verb === '<' || s.verb === '<<') {
      for (let n = 0; n < s.times; n++) stage.input([writeFrame(stage, s, n)])
    } else if (verb !== undefined) verb.act(stage, s)
    else if (calls[s.verb] !== undefined) {
      if (s.verb === 'connect') dialling = f
      calls[s.verb]!(world, f, s, newId(f))
    } else throw new Error(`no verb ${s.verb}`)
    settle()
  }

  const end = (): void => {
    quiet()
    for (const f of flows.values()) f.peer = undefined
    const loud = news.find((n) => !n.isQuiet)
    if (loud !== undefined) throw new Error(`told, but not expected: ${tell(loud)}`)
    for (const id of [...open]) world.call({ call: 'abort', id })
    run(world.now() + LONGEST_MEMORY)
    world.configure(2800, [], [])
    run(world.now() + LONGEST_MEMORY)
    const { fragments, fragmentBytes } = world.sizes()
    if (world.deadline() !== Infinity || fragments + fragmentBytes > 0)
      throw new Error(`a timer is left for ${world.deadline() - world.now()} ms, ${fragments} fragments`)
  }

  world.configure(2800, [`${OWN[4]}/24`, `${OWN[6]}/64`], NO_ROUTES)
  run(world.settling)
  // who asks is known from then on
  const ask =
    family === 4
      ? statement('arp', ['who-has', OWN[4], 'tell', PEER[4]], [['ethto', 'own']])
      : statement('nd', ['ns', OWN[6]], [['ethto', 'own']])
  world.hear(writeFrame(stage, ask))
  sent.length = 0
  news.length = 0
  world.start()
  try {
    script.lines.forEach(step)
    line = 0
    end()
  } catch (error) {
    const where = line === 0 ? 'at the end' : `line ${line}`
    throw new Error(`${script.id} over IPv${family}, ${where}, ${world.now()} ms: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

const statement = (
  kind: string,
  words: readonly string[],
  fields: readonly (readonly [string, string])[] = [],
): Statement => ({
  ...{ label: undefined, when: undefined, verb: '<', words: [kind, ...words], fields: new Map(fields), times: 1 },
})

const isSame = (n: Heard, wanted: string, id: number | undefined): boolean =>
  n.text === wanted && (n.id === undefined || n.id === id || wanted.startsWith('drop'))
const tell = (n: Heard): string => `${n.text}${n.bytes > 0 ? ` ${n.bytes}` : ''}`
export const show = (s: Sent): string =>
  [
    s.flow === undefined || s.flow.label === DEFAULT ? '' : `${s.flow.label}: `,
    [s.kind, ...s.words].filter((w) => w !== 'tcp').join(' '),
  ].join('') + [...s.fields].map(([k, v]) => (v === '' ? ` ${k}` : ` ${k}=${v}`)).join('')

/** What `sent` is, if not what the line says. */
const mismatch = (found: Sent, s: Statement, nth: number, flow: Flow): string | undefined => {
  const fields = [...s.fields].every(([name, wanted]) => fits(found.fields.get(name), wanted))
  const isTcp = /^[FSRAU-]+$/.test(s.words[0] ?? '')
  const words = isTcp
    ? found.kind === 'tcp' && found.flow === flow && sameSegment(found, s, nth)
    : found.kind === s.words[0] && s.words.slice(1).every((w) => found.words.includes(w) || found.fields.get(w) === '')
  return fields && words ? undefined : show(found)
}
const sameSegment = (found: Sent, s: Statement, nth: number): boolean => {
  const [flags, place, ...options] = s.words
  const [seq, length] = (place ?? '*').split('+')
  const [foundSeq, foundLength] = found.words[1]!.split('+')
  return (
    found.words[0] === flags &&
    (/^-?\d+$/.test(seq!)
      ? Number(foundSeq) === Number(seq) + nth * (length === '*' ? 0 : Number(length ?? 0))
      : fits(foundSeq, seq!)) &&
    (place === undefined || length === '*' || Number(foundLength) === Number(length ?? 0)) &&
    options.every((name) => found.fields.has(name))
  )
}

/** Makes the stack under test and its link; another one than ours where the cases themselves are judged. */
export type WorldOf = (family: 4 | 6, onFrame: (frame: Frame) => void, onOutput: (output: StackOutput) => void) => World

const DEFAULT = '5000'
/** No memory of the stack lasts longer: path MTUs 10 min. */
const LONGEST_MEMORY = 1_000_000
const NO_ROUTES: readonly RouteEntry[] = []
