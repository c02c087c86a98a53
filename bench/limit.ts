/**
 * One process of a limit measurement: what the machine does without us. Bare `node:dgram` with datagrams of the sizes
 * we would send, and plain loopback TCP.
 */
import dgram from 'node:dgram'
import net from 'node:net'

export type LimitOrder =
  | { readonly do: 'udp-sink' }
  | { readonly do: 'udp-echo' }
  | { readonly do: 'udp-send'; readonly port: number; readonly sizes: readonly number[]; readonly seconds: number }
  | { readonly do: 'udp-round-trips'; readonly port: number; readonly size: number; readonly count: number }
  | { readonly do: 'udp-received' }
  | { readonly do: 'tcp-server' }
  | { readonly do: 'tcp-connections'; readonly port: number; readonly seconds: number }
  | { readonly do: 'tcp-bulk'; readonly port: number; readonly seconds: number }

let received = 0
let bytes = 0
let firstAt = 0
let lastAt = 0
const lookup = (host: string, _options: unknown, done: (error: null, address: string, family: number) => void): void =>
  done(null, host, 4)

const bound = async (): Promise<dgram.Socket> => {
  const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20, lookup })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return socket
}

const obey = async (order: LimitOrder): Promise<unknown> => {
  switch (order.do) {
    case 'udp-sink': {
      const socket = await bound()
      socket.on('message', (message) => {
        if (received++ === 0) firstAt = performance.now()
        bytes += message.length
        lastAt = performance.now()
      })
      return { port: socket.address().port }
    }
    case 'udp-received': {
      const result = { count: received, bytes, seconds: (lastAt - firstAt) / 1000 }
      received = 0
      bytes = 0
      return result
    }
    case 'udp-echo': {
      const socket = await bound()
      socket.on('message', (message, from) => socket.send(message, from.port, from.address))
      return { port: socket.address().port }
    }
    case 'udp-send': {
      const socket = await bound()
      const messages = order.sizes.map((size) => new Uint8Array(size))
      const until = performance.now() + order.seconds * 1000
      // What a sender with a window does: never more under way than the receiver's buffer holds
      while (performance.now() < until) {
        for (let i = 0; i < 32; i++) socket.send(messages[i % messages.length]!, order.port, '127.0.0.1')
        await new Promise((resolve) => setImmediate(resolve))
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
      socket.close()
      return {}
    }
    case 'udp-round-trips': {
      const socket = await bound()
      const message = new Uint8Array(order.size)
      const times: number[] = []
      for (let i = 0; i < order.count; i++) {
        const began = performance.now()
        await new Promise<void>((resolve) => {
          socket.once('message', () => resolve())
          socket.send(message, order.port, '127.0.0.1')
        })
        times.push((performance.now() - began) * 1000)
      }
      socket.close()
      return { p50: [...times.slice(times.length >> 2)].sort((a, b) => a - b)[(times.length * 3) >> 3] }
    }
    case 'tcp-server': {
      const server = net.createServer((socket) => {
        socket.setNoDelay(true)
        socket.on('error', () => socket.destroy())
        socket.on('data', (data) => {
          if (data.length < 100) socket.write(data)
          else bytes += data.length
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return { port: (server.address() as net.AddressInfo).port }
    }
    case 'tcp-connections': {
      const began = performance.now()
      let count = 0
      while (performance.now() - began < order.seconds * 1000) {
        await new Promise<void>((resolve, reject) => {
          const socket = net.connect({ port: order.port, host: '127.0.0.1', noDelay: true }, () => socket.write('x'))
          socket.once('data', () => {
            socket.resetAndDestroy()
            resolve()
          })
          socket.once('error', reject)
        })
        count++
      }
      return { count, seconds: (performance.now() - began) / 1000 }
    }
    case 'tcp-bulk': {
      const socket = net.connect({ port: order.port, host: '127.0.0.1' })
      const chunk = new Uint8Array(256 * 1024)
      const began = performance.now()
      let sent = 0
      while (performance.now() - began < order.seconds * 1000) {
        if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve))
        sent += chunk.length
      }
      const seconds = (performance.now() - began) / 1000
      socket.destroy()
      return { bytes: sent, seconds }
    }
  }
}

process.on('message', (message: { readonly id: number; readonly order: LimitOrder }) => {
  obey(message.order).then(
    (result) => process.send!({ id: message.id, result }),
    (error: unknown) => process.send!({ id: message.id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
