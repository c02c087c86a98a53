import type { StackCall, TcpOptions, UdpOptions } from '../../../src/tcpip/stack-io.ts'
import { type Flow, stream } from './flow.ts'
import type { Statement } from './script.ts'
import type { World } from './world.ts'

/** The verbs of a program: each is a socket call of the stack. */
export type Calls = Readonly<Record<string, (world: World, flow: Flow, line: Statement, newId: () => number) => void>>

const own = (flow: Flow): number => {
  if (flow.id === undefined) throw new Error(`${flow.label} has no socket yet`)
  return flow.id
}
const numbers = (line: Statement, index = 0): number => Number(line.words[index])
const plain =
  (call: 'shutdown' | 'close' | 'abort') =>
  (world: World, flow: Flow): void =>
    world.call({ call, id: own(flow) })

export const calls: Calls = {
  listen: (world, flow, line, newId) => {
    flow.id = newId()
    const port = line.fields.get('port')
    world.call({
      call: 'listen',
      id: flow.id,
      ...(line.fields.has('address') ? { address: line.fields.get('address')! } : {}),
      port: port === '*' ? '*' : Number(port ?? 80),
      backlog: Number(line.fields.get('backlog') ?? 511),
      options: optionsOf(line),
      nextId: newId,
    })
  },
  connect: (world, flow, line, newId) => {
    flow.id = newId()
    flow.localPort = undefined
    flow.peerPort = Number(line.fields.get('port') ?? 80)
    const from = line.fields.get('from')
    const address = line.fields.get('address')
    const deadline = line.fields.get('deadline')
    world.call({
      call: 'connect',
      id: flow.id,
      remote: { address: line.fields.get('to') ?? world.peer, port: flow.peerPort },
      local: { ...(from === undefined ? {} : { port: Number(from) }), ...(address === undefined ? {} : { address }) },
      options: optionsOf(line),
      deadline: deadline === undefined ? Infinity : 1_700_000_005_000 + world.now() + Number(deadline),
    })
  },
  write: (world, flow, line) => {
    // asked again and again, as a program does that waits for room
    for (let left = numbers(line); left > 0; ) {
      const before = flow.written
      const data = stream(flow.written, left)
      world.call({ call: 'write', id: own(flow), data })
      left -= flow.written - before
      if (flow.written === before) break
    }
  },
  read: (world, flow, line) => world.call({ call: 'consume', id: own(flow), bytes: numbers(line) }),
  shutdown: plain('shutdown'),
  close: plain('close'),
  abort: plain('abort'),
  set: (world, flow, line) => world.call({ call: 'configure', id: own(flow), options: optionsOf(line) }),
  bind: (world, flow, line, newId) => {
    flow.id = newId()
    const [address, reuse] = [line.fields.get('address'), line.words.includes('reusePort')]
    const port = numbers(line)
    const bound: StackCall = { call: 'bind', id: flow.id, port, ...(address === undefined ? {} : { address }) }
    world.call(reuse ? { ...bound, reusePort: true } : bound)
  },
  send: (world, flow, line) => {
    const [host, port] = splitPort(line.fields.get('to') ?? '')
    const data = stream(0, numbers(line))
    world.call({ call: 'send', id: own(flow), data, ...(host === '' ? {} : { to: { address: host, port } }) })
  },
  associate: (world, flow, line) => {
    const [address, port] = splitPort(line.words[0]!)
    world.call({ call: 'associate', id: own(flow), remote: { address, port } })
  },
  accept: (world, flow) => world.call({ call: 'accept', id: own(flow) }),
  join: (world, flow, line) => world.call({ call: 'join-group', id: own(flow), group: line.words[0]! }),
  leave: (world, flow, line) => world.call({ call: 'leave-group', id: own(flow), group: line.words[0]! }),
  ping: (world, flow, line, newId) => {
    flow.id ??= newId()
    const to = line.fields.get('to') ?? world.peer
    const [seq, size] = [Number(line.fields.get('seq') ?? 1), Number(line.fields.get('len') ?? 56)]
    world.call({ call: 'echo', id: flow.id, to, seq, size })
  },
}

/** `10.0.0.2:53`, `fd00::2:53` with the port behind the last colon. */
export const splitPort = (text: string): readonly [string, number] => {
  const at = text.lastIndexOf(':')
  return [text.slice(0, Math.max(0, at)), Number(text.slice(at + 1))]
}

/** Options of a socket; Reno unless a case names another control, as it is the one that cases can foretell. */
const optionsOf = (line: Statement): TcpOptions & UdpOptions => {
  const given: Record<string, unknown> = line.verb === 'set' ? {} : { congestionControl: 'reno' }
  for (const [name, text] of line.fields) {
    if (name === 'keepAlive') {
      const [idle, interval, count] = text.split('/').map(Number)
      given[name] = text === 'false' ? false : { idle, interval, count }
    } else if (!NAMES.has(name))
      given[name] = Number.isNaN(Number(text))
        ? text === 'true'
          ? true
          : text === 'false'
            ? false
            : text
        : Number(text)
  }
  return given
}
/** Fields of calls that are no options. */
const NAMES = new Set(['port', 'backlog', 'address', 'to', 'from', 'deadline', 'rtt', 'mss', 'ws', 'ts', 'win'])
