/**
 * Our host stack as a program on one end of a VXLAN tunnel (RFC 7348): each datagram is eight bytes and an Ethernet
 * frame. Does what the test says; weather is made here, so that the kernel's end needs nothing.
 */
import { createSocket } from 'node:dgram'
import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { mac, readU48, writeU48 } from '../../../src/protocol/kernel/id.ts'
import { next, rng, seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { stack } from '../../../src/tcpip/stack.ts'
import type { StackCall, StackInput, StackOutput } from '../../../src/tcpip/stack-io.ts'

export type HostOrder =
  | { readonly do: 'weather'; readonly loss: number; readonly reorder: number }
  /** Connects, sends so many bytes, and waits until they are acknowledged and the other side has closed too. */
  | { readonly do: 'send'; readonly port: number; readonly bytes: number }
  | { readonly do: 'connect'; readonly port: number }
  | { readonly do: 'ping'; readonly size: number }
  /** Whether the sink reads. */
  | { readonly do: 'reading'; readonly on: boolean }
  | { readonly do: 'sunk' }
  | { readonly do: 'keepalive'; readonly port: number }
  | { readonly do: 'udp'; readonly group: string }
  | { readonly do: 'multicast'; readonly to: string }
  | { readonly do: 'heard' }

const [own, peer] = ['10.77.0.2', '10.77.0.1']
const machine = stack({ mac: mac(0x0200_0000_0077), random: seededRandom(process.pid) })
const socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20, sendBufferSize: 8 << 20 })
const now = (): number => performance.timeOrigin + performance.now()
let timer: NodeJS.Timeout | undefined
let inbox: Frame[] = []
let [loss, reorder] = [0, 0]
let dice = rng(1)
const chance = (share: number): boolean => {
  if (share === 0) return false
  const [value, after] = next(dice)
  dice = after
  return value / 0x1_0000_0000 < share
}

const transmit = (frame: Frame): void => {
  if (chance(loss)) return
  const b = new Uint8Array(22 + frame.payload.length)
  b.set(VXLAN)
  writeU48(b, 8, frame.to)
  writeU48(b, 14, frame.from)
  b[20] = frame.etherType >>> 8
  b[21] = frame.etherType & 0xff
  b.set(frame.payload, 22)
  if (chance(reorder)) setTimeout(() => socket.send(b, 4789, '10.9.0.1'), 3)
  else socket.send(b, 4789, '10.9.0.1')
}
const after = (outputs: readonly StackOutput[]): void => {
  for (const output of outputs) {
    if (output._tag === 'Frames') output.frames.forEach(transmit)
    else react(output)
  }
  clearTimeout(timer)
  const at = machine.deadline(machine.initial)
  if (at < Infinity) timer = setTimeout(() => after(machine.tick(machine.initial, now())[1]), Math.max(0, at - now()))
}
const input = (given: StackInput): void => after(machine.step(machine.initial, given, now())[1])
const call = (...calls: readonly StackCall[]): void => input({ _tag: 'Calls', calls })

socket.on('message', (b) => {
  if (chance(loss)) return
  const frame = {
    to: mac(readU48(b, 8)),
    from: mac(readU48(b, 14)),
    etherType: b.readUInt16BE(20),
    payload: b.subarray(22),
  }
  if (inbox.push(frame) === 1)
    setImmediate(() => {
      const frames = inbox
      inbox = []
      input({ _tag: 'Frames', frames })
    })
})

let lastId = 100
const roles = new Map<number, 'echo' | 'sink' | 'source' | 'client'>()
const waiting = new Map<number, (outcome: unknown) => void>()
const toSend = new Map<number, number>()
const held = new Map<number, number>()
const echoing = new Map<number, Uint8Array[]>()
const ending = new Set<number>()
let wrote = 0
const heard: string[] = []
let isReading = true
let sunk = 0
const block = new Uint8Array(262_144)

const more = (id: number): void => {
  const left = toSend.get(id) ?? 0
  if (left > 0) call({ call: 'write', id, data: left < block.length ? block.subarray(0, left) : block })
  else if (toSend.delete(id)) call({ call: 'shutdown', id })
}
/** Writes what the other side has not been sent back yet, as far as there is room. */
const echoOn = (id: number): void => {
  const queue = echoing.get(id) ?? []
  for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
    call({ call: 'write', id, data: first })
    if (wrote === first.length) continue
    queue.unshift(first.subarray(wrote))
    return
  }
  if (ending.delete(id)) call({ call: 'close', id })
}
const react = (o: StackOutput): void => {
  switch (o._tag) {
    case 'Accepted':
      roles.set(o.id, o.local.port === ECHO ? 'echo' : o.local.port === SOURCE ? 'source' : 'sink')
      call({ call: 'accept', id: o.listener })
      if (o.local.port === SOURCE) {
        toSend.set(o.id, SOURCE_BYTES)
        more(o.id)
      }
      return
    case 'Opened':
      if (toSend.has(o.id)) more(o.id)
      else waiting.get(o.id)?.('connected')
      return
    case 'Wrote':
      wrote = o.bytes
      if (!toSend.has(o.id)) return
      toSend.set(o.id, toSend.get(o.id)! - o.bytes)
      if (o.bytes > 0) setImmediate(() => more(o.id))
      return
    case 'Writable':
      if (roles.get(o.id) === 'echo') echoOn(o.id)
      else more(o.id)
      return
    case 'Data':
      if (roles.get(o.id) === 'echo') {
        echoing.set(o.id, [...(echoing.get(o.id) ?? []), o.data])
        echoOn(o.id)
      } else sunk += o.data.length
      if (isReading || roles.get(o.id) === 'echo') call({ call: 'consume', id: o.id, bytes: o.data.length })
      else held.set(o.id, (held.get(o.id) ?? 0) + o.data.length)
      return
    case 'Ended':
      if ((echoing.get(o.id)?.length ?? 0) > 0) ending.add(o.id)
      else call({ call: 'close', id: o.id })
      return
    case 'Closed':
    case 'Failed':
    case 'EchoFailed':
      waiting.get(o.id)?.(o._tag === 'Closed' ? 'closed' : o.code)
      return
    case 'Echo':
      waiting.get(o.id)?.(o.bytes)
      return
    case 'Datagram':
      heard.push(`${Buffer.from(o.data).toString()} to ${o.to.address}`)
      return
    default:
      return
  }
}

const obey = (order: HostOrder): Promise<unknown> | unknown => {
  const id = ++lastId
  const outcome = (): Promise<unknown> =>
    new Promise((resolve) => waiting.set(id, resolve)).finally(() => waiting.delete(id))
  const remote = { address: peer, port: 'port' in order ? order.port : 0 }
  switch (order.do) {
    case 'weather':
      ;({ loss, reorder } = order)
      return {}
    case 'send': {
      const began = performance.now()
      toSend.set(id, order.bytes)
      const end = outcome()
      call({ call: 'connect', id, remote, options: {}, deadline: now() + 10_000 })
      return end.then((how) => ({ how, ms: performance.now() - began }))
    }
    case 'keepalive':
    case 'connect': {
      const keepAlive = order.do === 'keepalive' ? { idle: 300, interval: 200, count: 3 } : (false as const)
      const end = outcome()
      call({ call: 'connect', id, remote, options: { keepAlive }, deadline: now() + 5000 })
      return end.then((how) => (order.do === 'keepalive' && how === 'connected' ? outcome() : how))
    }
    case 'ping': {
      const end = outcome()
      call({ call: 'echo', id, to: peer, seq: 1, size: order.size })
      return end
    }
    case 'reading':
      isReading = order.on
      if (isReading) for (const [one, bytes] of held) call({ call: 'consume', id: one, bytes })
      if (isReading) held.clear()
      return {}
    case 'sunk':
      return sunk
    case 'udp':
      call({ call: 'bind', id: UDP, port: 4000 }, { call: 'configure', id: UDP, options: { broadcast: true } })
      call({ call: 'join-group', id: UDP, group: order.group })
      return {}
    case 'multicast':
      call({ call: 'send', id: UDP, to: { address: order.to, port: 4001 }, data: Buffer.from('from ours') })
      return {}
    case 'heard':
      return heard
  }
}

const VXLAN = Uint8Array.of(8, 0, 0, 0, 0, 0, 42, 0)
const [ECHO, SINK, SOURCE, UDP] = [7, 9, 19, 50]
const SOURCE_BYTES = Number(process.argv[2])

socket.bind(4789, '10.9.0.2', () => {
  const addresses = [
    { address: own, bits: 24 },
    { address: 'fd77::2', bits: 64 },
  ]
  input({ _tag: 'Configure', mtu: 2800, addresses, routes: [] })
  for (const port of [ECHO, SINK, SOURCE])
    call({ call: 'listen', id: port, port, backlog: 511, options: {}, nextId: () => ++lastId })
  process.on('message', async ({ id, order }: { id: number; order: HostOrder }) =>
    process.send!({ id, result: await obey(order) }),
  )
  process.send!({ id: -1 })
})
