/**
 * The kernel's side of a native member: a process in its namespace that takes the orders of `peer.ts` about sockets and
 * frames, and obeys them with the kernel's stack on the interface of the virtual network.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import net from 'node:net'
import type { Heard, Order, Seen } from './peer.ts'

const device = process.argv[2]!
const bound = new Map<number, { readonly 4: Socket; readonly 6: Socket; readonly heard: Heard[] }>()
let capture: ChildProcess | undefined
let recorded = Buffer.alloc(0)

const obey = async (order: Order): Promise<unknown> => {
  switch (order.do) {
    case 'bind': {
      const heard: Heard[] = []
      const open = (type: 'udp4' | 'udp6'): Promise<Socket> =>
        new Promise((resolve, reject) => {
          const socket = createSocket({ type, ipv6Only: type === 'udp6', reuseAddr: true })
          socket.on('error', reject)
          socket.on('message', (data, from) =>
            heard.push({ from: from.address.split('%')[0]!, to: '', text: data.toString() }),
          )
          socket.bind(order.port, () => resolve(socket))
        })
      const sockets = { 4: await open('udp4'), 6: await open('udp6'), heard }
      sockets[4].setBroadcast(true)
      for (const group of order.groups ?? [])
        if (group.includes(':')) sockets[6].addMembership(group, `::%${device}`)
        else sockets[4].addMembership(group, order.address)
      if (order.address !== undefined) sockets[4].setMulticastInterface(order.address)
      sockets[6].setMulticastInterface(`::%${device}`)
      bound.set(order.port, sockets)
      return {}
    }
    case 'send': {
      const socket = bound.get(order.port)![order.to.includes(':') ? 6 : 4]
      return new Promise((resolve, reject) =>
        socket.send(order.text, order.toPort, order.to, (error) => (error === null ? resolve({}) : reject(error))),
      )
    }
    case 'heard':
      return bound.get(order.port)!.heard
    case 'echo-server':
      return new Promise((resolve, reject) => {
        net
          .createServer({ allowHalfOpen: true }, (socket) => void socket.on('error', () => undefined).pipe(socket))
          .on('error', reject)
          .listen(order.port, () => resolve({}))
      })
    case 'transfer':
      return transfer(order.host, order.port, order.bytes)
    case 'watch': {
      recorded = Buffer.alloc(0)
      capture?.kill()
      const child = spawn('tcpdump', ['--immediate-mode', '-U', '-i', device, '-w', '-'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      capture = child
      child.stdout.on('data', (bytes: Buffer) => {
        recorded = Buffer.concat([recorded, bytes])
      })
      return new Promise((resolve) => child.stderr.once('data', () => resolve({})))
    }
    case 'seen':
      return framesOf(recorded)
    default:
      throw new Error(`the kernel takes no order "${order.do}"`)
  }
}

const transfer = (host: string, port: number, bytes: number): Promise<{ same: boolean; ms: number }> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const sent = Buffer.alloc(bytes, 'there and back ')
    const got: Buffer[] = []
    const socket = net.connect({ host, port, timeout: 60_000 }, () => socket.end(sent))
    socket.on('timeout', () => socket.destroy(new Error('nothing came for a minute')))
    socket.on('data', (data: Buffer) => got.push(data))
    socket.on('error', reject)
    socket.on('end', () => resolve({ same: sent.equals(Buffer.concat(got)), ms: performance.now() - began }))
  })

/** The Ethernet frames of a pcap; whether a frame came or went is left open. */
const framesOf = (pcap: Buffer): readonly Seen[] => {
  const mac = (at: number): string => pcap.toString('hex', at, at + 6).replace(/..(?=.)/g, '$&:')
  const found: Seen[] = []
  for (let at = 24; at + 16 <= pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8)
    const frame = at + 16
    if (frame + length > pcap.length) break
    const etherType = pcap.readUInt16BE(frame + 12)
    const hex = pcap.toString('hex', frame + 14, frame + length)
    found.push({ dir: 'in', to: mac(frame), from: mac(frame + 6), etherType, hex })
    at = frame + length
  }
  return found
}

process.on('message', (message: { readonly id: number; readonly order: Order }) => {
  obey(message.order).then(
    (result) => process.send!({ id: message.id, result: result ?? {} }),
    (error: unknown) => process.send!({ id: message.id, error: error instanceof Error ? error.stack : String(error) }),
  )
})
process.on('disconnect', () => {
  capture?.kill()
  process.exit(0)
})
