/** Programs on the kernel's stack, as the test orders them. */
import { createSocket } from 'node:dgram'
import net from 'node:net'

export type KernelOrder =
  | { readonly do: 'sink' | 'echoing'; readonly port: number }
  | { readonly do: 'read-all' | 'ends-with'; readonly host: string; readonly port: number; readonly bytes?: number }
  | { readonly do: 'echo'; readonly host: string; readonly bytes: number }
  | { readonly do: 'short'; readonly host: string; readonly count: number }
  | { readonly do: 'scan'; readonly host: string; readonly from: number; readonly to: number }
  /** Connects, says a byte, and resets; and so it does with whoever connects to the port. */
  | { readonly do: 'reset'; readonly host: string; readonly port: number }
  | { readonly do: 'resetting'; readonly port: number }
  /** Takes connections to the port, and notes how they end. */
  | { readonly do: 'watch'; readonly port: number }
  | { readonly do: 'udp'; readonly group: string }
  | { readonly do: 'multicast'; readonly to: string }
  /** What was heard, and how watched connections ended, since the last look. */
  | { readonly do: 'heard' | 'ends' | 'taken' }

const heard: string[] = []
const udp = createSocket({ type: 'udp4', reuseAddr: true })
const taken = { bytes: 0 }
const connect = (host: string, port: number, act: (socket: net.Socket, done: (value: unknown) => void) => void) =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port, allowHalfOpen: true })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code }))
    act(socket, resolve)
  })

const ends: string[] = []
const serve = (port: number, take: (socket: net.Socket) => void): Promise<unknown> =>
  new Promise((resolve) =>
    net.createServer((socket) => take(socket.on('error', () => undefined))).listen(port, () => resolve({})),
  )

const obey = (order: KernelOrder): Promise<unknown> | unknown => {
  const began = performance.now()
  switch (order.do) {
    case 'sink':
      return serve(order.port, (socket) => socket.on('data', (b) => (taken.bytes += b.length)))
    case 'echoing':
      return serve(order.port, (socket) => socket.setNoDelay().pipe(socket))
    case 'read-all':
      return connect(order.host, order.port, (socket, done) => {
        let bytes = 0
        socket.on('data', (b) => (bytes += b.length))
        socket.on('end', () => {
          socket.end()
          done({ bytes, ms: performance.now() - began })
        })
      })
    case 'ends-with':
      return connect(order.host, order.port, (socket, done) => {
        socket.end(Buffer.alloc(order.bytes!))
        socket.resume().on('end', () => done({ ms: performance.now() - began }))
      })
    case 'echo':
      return connect(order.host, 7, (socket, done) => {
        const sent = Buffer.alloc(order.bytes, 'there and back ')
        const got: Buffer[] = []
        socket.on('data', (b) => got.push(b))
        socket.on('end', () => done({ same: sent.equals(Buffer.concat(got)), ms: performance.now() - began }))
        socket.end(sent)
      })
    case 'short':
      return (async () => {
        let good = 0
        for (let i = 0; i < order.count; i++) {
          const one = (await obey({ do: 'echo', host: order.host, bytes: 1 })) as { same?: boolean }
          if (one.same === true) good++
        }
        return { good, ms: performance.now() - began }
      })()
    case 'scan':
      return (async () => {
        const answers = new Map<string, number>()
        for (let port = order.from; port <= order.to; port += 64) {
          // below the limit of resets, else the kernel asks again after a second
          await new Promise((resolve) => setTimeout(resolve, 130))
          await Promise.all(
            Array.from({ length: Math.min(64, order.to - port + 1) }, async (_, i) => {
              const one = await connect(order.host, port + i, (socket, done) => {
                socket.on('connect', () => {
                  socket.destroy()
                  done({ error: 'open' })
                })
              })
              const { error } = one as { error: string }
              answers.set(error, (answers.get(error) ?? 0) + 1)
            }),
          )
        }
        return Object.fromEntries(answers)
      })()
    case 'reset':
      return connect(order.host, order.port, (socket, done) => {
        socket.write('x', () => done({ reset: socket.resetAndDestroy().destroyed }))
      })
    case 'resetting':
      return serve(order.port, (socket) => socket.once('data', () => socket.resetAndDestroy()))
    case 'watch':
      return serve(order.port, (socket) => {
        socket.on('error', ({ code }: NodeJS.ErrnoException) => ends.push(`${order.port} ${code}`))
        socket.on('end', () => ends.push(`${order.port} end`)).resume()
      })
    case 'ends':
      return ends.splice(0)
    case 'udp':
      return new Promise((resolve) =>
        udp
          .on('message', (b, from) => heard.push(`${b.toString()} by ${from.address}`))
          .bind(4001, () => {
            udp.setBroadcast(true)
            udp.setMulticastInterface('10.77.0.1')
            udp.addMembership(order.group, '10.77.0.1')
            resolve({})
          }),
      )
    case 'multicast':
      return new Promise((resolve) => udp.send('from the kernel', 4000, order.to, () => resolve({})))
    case 'taken':
      return taken.bytes
    case 'heard':
      return heard.splice(0)
  }
}
process.on('message', async ({ id, order }: { id: number; order: KernelOrder }) =>
  process.send!({ id, result: await obey(order) }),
)
process.send!({ id: -1 })
