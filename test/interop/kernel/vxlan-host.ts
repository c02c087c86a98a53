/** Our host stack as a program on one end of a VXLAN tunnel, that does what the test says. */
import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import { echo, type Program, sinks, source } from './host-programs.ts'
import { iperfServer } from './iperf-server.ts'
import { vxlanLink } from './vxlan-link.ts'

export type HostOrder =
  | { readonly do: 'weather'; readonly loss: number; readonly reorder: number }
  /** Connects, sends so many bytes, and waits until they are acknowledged and the other side has closed too. */
  | { readonly do: 'send'; readonly to?: string; readonly port: number; readonly bytes: number }
  | { readonly do: 'connect'; readonly port: number }
  /** Connects and says a byte; how it ends: `Closed` if by itself, else why. With `abort` by a reset of ours. */
  | { readonly do: 'stay'; readonly port: number; readonly keepAlive?: true; readonly abort?: true }
  | { readonly do: 'ping'; readonly to?: string; readonly size: number }
  /** Echoes on this port, with such a receive buffer. */
  | { readonly do: 'echo'; readonly port: number; readonly receiveBuffer: number }
  /** Whether the sink reads. */
  | { readonly do: 'reading'; readonly on: boolean }
  | { readonly do: 'sunk' | 'largest' | 'conflicts' | 'heard' }
  /** The addresses of the interface besides its own two. */
  | { readonly do: 'addresses'; readonly more: readonly string[] }
  | { readonly do: 'udp'; readonly groups: readonly string[] }
  | { readonly do: 'multicast'; readonly to: string }
  /** A datagram that must not be cut; the error that follows within half a second, or none. */
  | { readonly do: 'whole'; readonly to: string; readonly bytes: number }

const [own, peer] = ['10.77.0.2', '10.77.0.1']
const SOURCE_BYTES = Number(process.argv[2])
const programs = new Map<number, Program>()
const heard: string[] = []
const conflicts: string[] = []
let softError: string | undefined
let lastId = 100

const react = (o: StackOutput): void => {
  if (o._tag === 'Conflict') conflicts.push(o.address)
  else if (o._tag === 'Datagram') heard.push(`${Buffer.from(o.data).toString()} to ${o.to.address}`)
  else if (o._tag === 'SoftError') softError = o.code
  if (!('id' in o) || o.id === undefined) return
  if (o._tag === 'Accepted') {
    programs.set(o.id, servers.get(o.local.port)!(o.id))
    link.call({ call: 'accept', id: o.listener })
  }
  programs.get(o.id)?.(o)
  if (o._tag === 'Closed' || o._tag === 'Failed') programs.delete(o.id)
}
const link = await vxlanLink('10.9.0.2', '10.9.0.1', react)
const { call, now } = link
const sink = sinks(call)

const [UDP, WHOLE] = [50, 51]
/** Where the numbers of listeners begin. */
const LISTENERS = 10_000_000
const servers = new Map<number, (id: number) => Program>([
  [7, (id) => echo(call, id)],
  [9, sink.open],
  [19, (id) => source(call, id, SOURCE_BYTES)],
  [5201, iperfServer(call)],
])
const listen = (port: number, receiveBuffer?: number): void =>
  call({
    ...{ call: 'listen', id: LISTENERS + port, port, backlog: 511, nextId: () => ++lastId },
    options: receiveBuffer === undefined ? {} : { receiveBuffer },
  })
const configure = (more: readonly string[]): void => {
  const addresses = [own, 'fd77::2', ...more].map((address) => ({ address, bits: address.includes(':') ? 64 : 24 }))
  const routes = [
    { target: { address: '10.88.0.0', bits: 24 }, via: peer, metric: 0 },
    { target: { address: 'fd88::', bits: 64 }, via: 'fd77::1', metric: 0 },
  ]
  link.input({ _tag: 'Configure', mtu: 2800, addresses, routes })
}

/** Runs a program on a new socket until it ends, or until `until` finds in its news what it was about. */
const run = (
  id: number,
  program: Program,
  until: (o: StackOutput) => unknown = (o) =>
    o._tag === 'Closed' ? 'closed' : o._tag === 'Failed' ? o.code : undefined,
): Promise<unknown> =>
  new Promise((resolve) =>
    programs.set(id, (o) => {
      const end = until(o)
      if (end !== undefined) resolve(end)
      program(o)
    }),
  )
const nothing: Program = () => undefined

const obey = (order: HostOrder): Promise<unknown> | unknown => {
  const id = ++lastId
  const connect = (to: string, port: number, options = {}): void =>
    call({ call: 'connect', id, remote: { address: to, port }, options, deadline: now() + 10_000 })
  switch (order.do) {
    case 'weather':
      return link.weather(order.loss, order.reorder)
    case 'send': {
      const began = performance.now()
      const end = run(id, source(call, id, order.bytes))
      connect(order.to ?? peer, order.port)
      return end.then((how) => ({ how, ms: performance.now() - began }))
    }
    case 'connect': {
      const end = run(id, nothing, (o) => ('code' in o ? o.code : o._tag === 'Opened' ? 'connected' : undefined))
      connect(peer, order.port)
      return end
    }
    case 'stay': {
      const end = run(id, (o) => {
        if (o._tag !== 'Opened') return
        call({ call: 'write', id, data: Uint8Array.of(1) })
        if (order.abort === true) setTimeout(() => call({ call: 'abort', id }), 200)
      })
      connect(peer, order.port, order.keepAlive === true ? { keepAlive: { idle: 300, interval: 200, count: 3 } } : {})
      return order.abort === true ? {} : end
    }
    case 'ping': {
      const end = run(id, nothing, (o) => (o._tag === 'Echo' ? o.bytes : 'code' in o ? o.code : undefined))
      call({ call: 'echo', id, to: order.to ?? peer, seq: 1, size: order.size })
      return end
    }
    case 'echo':
      servers.set(order.port, (one) => echo(call, one))
      return listen(order.port, order.receiveBuffer)
    case 'reading':
      return sink.reading(order.on)
    case 'sunk':
      return sink.bytes
    case 'largest':
      return link.largest()
    case 'conflicts':
      return conflicts.splice(0)
    case 'addresses':
      return configure(order.more)
    case 'udp':
      call({ call: 'bind', id: UDP, port: 4000 }, { call: 'configure', id: UDP, options: { broadcast: true } })
      for (const group of order.groups) call({ call: 'join-group', id: UDP, group })
      return undefined
    case 'multicast':
      return call({ call: 'send', id: UDP, to: { address: order.to, port: 4001 }, data: Buffer.from('from ours') })
    case 'heard':
      return heard.splice(0)
    case 'whole': {
      call({ call: 'bind', id: WHOLE, port: 4002 }, { call: 'configure', id: WHOLE, options: { dontFragment: true } })
      call({ call: 'associate', id: WHOLE, remote: { address: order.to, port: 9 } })
      softError = undefined
      call({ call: 'send', id: WHOLE, data: new Uint8Array(order.bytes) })
      return new Promise((resolve) =>
        setTimeout(() => {
          call({ call: 'close', id: WHOLE })
          resolve(softError ?? 'none')
        }, 500),
      )
    }
  }
}

configure([])
for (const port of servers.keys()) listen(port)
process.on('message', async ({ id, order }: { id: number; order: HostOrder }) =>
  process.send!({ id, result: (await obey(order)) ?? {} }),
)
process.send!({ id: -1 })
