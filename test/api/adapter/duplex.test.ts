import { once } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ListenOptions } from '../../../src/index.node.ts'
import { createConnection, toDuplex, type VirtualDuplex } from '../../../src/node.ts'
import { watchSegments } from '../../support/tcp-segments.ts'
import { type Pair, pattern, readAll, virtualPair } from '../../support/virtual-pair.ts'

describe('a connection as a stream of Node', () => {
  let world: Pair
  beforeAll(async () => {
    world = await virtualPair(70)
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })

  const listening = async (options: ListenOptions = {}) => {
    const { net, a } = world
    const server = await net.until(a.listen(options))
    return { server, target: { host: a.address(4)!, port: server.address.port } }
  }
  /** A stream and the socket at its other end. */
  const connected = async (options: ListenOptions = {}) => {
    const { net, b } = world
    const { server, target } = await listening(options)
    const near = createConnection(b, target)
    const taken = server[Symbol.asyncIterator]().next()
    await net.until(once(near, 'connect'))
    const { value: far } = await net.until(taken)
    return { near, far: far! }
  }

  it('takes as much as is written without waiting, where a socket would refuse it', async () => {
    const { net } = world
    const { near, far } = await connected()
    const sent = pattern(2 * 1024 * 1024)
    const arrived = net.until(readAll(far), 300_000)
    for (let i = 0; i < sent.length; i += 32 * 1024) near.write(sent.subarray(i, i + 32 * 1024))
    expect(near.bytesWritten).toBe(sent.length)
    near.end()
    expect(Buffer.compare(await arrived, sent)).toBe(0)
    expect(near.bytesWritten).toBe(sent.length)
  })

  it('sends small writes that waited together in one segment', async () => {
    const { net, b } = world
    const { near } = await connected()
    const { seen, watching } = watchSegments(b)
    near.cork()
    for (const part of ['GET / HTTP/1.1\r\n', 'Host: a\r\n', '\r\n']) near.write(part)
    near.uncork()
    await net.advance(1000)
    watching.unsubscribe()
    expect(seen.filter(({ bytes }) => bytes > 0).map(({ bytes }) => bytes)).toEqual([27])
    near.destroy()
  })

  it('carries the same bytes however they are cut, corked and read', async () => {
    const { net } = world
    const writes = fc.array(fc.record({ size: fc.integer({ min: 0, max: 40_000 }), cork: fc.boolean() }), {
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 1, max: 50_000 }), async (list, readSize) => {
        const { near, far } = await connected()
        const sent = pattern(list.reduce((sum, { size }) => sum + size, 0))
        let at = 0
        for (const { size, cork } of list) {
          if (cork) near.cork()
          near.write(sent.subarray(at, at + size))
          if (cork) process.nextTick(() => near.uncork())
          at += size
        }
        near.end()
        const reader = toDuplex(far)
        const arrived: Uint8Array[] = []
        reader.on('readable', () => {
          for (let part = reader.read(readSize) ?? reader.read(); part !== null; part = reader.read(readSize))
            arrived.push(part)
        })
        await net.until(new Promise((resolve) => reader.on('end', resolve)))
        expect(Buffer.compare(Buffer.concat(arrived), sent)).toBe(0)
        near.destroy()
      }),
      { numRuns: 8 },
    )
  })

  it('says which node is at the other end', async () => {
    const { alice, bob } = world
    const { near, far } = await connected()
    expect(near.peer).toBe(alice.id)
    const duplex = toDuplex(far)
    expect(duplex.peer).toBe(bob.id)
    expect(duplex.remotePort).toBe(near.localPort)
    near.destroy()
    duplex.destroy()
  })

  it('times out while it still connects', async () => {
    const { net, b } = world
    const duplex = createConnection(b, { host: '10.144.0.222', port: 1 })
    const began = net.now
    const timedOut = once(duplex, 'timeout')
    duplex.setTimeout(700)
    await net.until(timedOut)
    expect(net.now - began).toBe(700)
    expect(duplex.connecting).toBe(true)
    duplex.destroy()
  })

  it('times out once for each silence, and not while bytes pass', async () => {
    const { net } = world
    const { near, far } = await connected()
    let rings = 0
    near.on('timeout', () => rings++)
    near.setTimeout(1000)
    near.resume()
    for (let i = 0; i < 5; i++) {
      await net.until(far.write('x'))
      await net.advance(800)
    }
    expect(rings).toBe(0)
    await net.advance(10_000)
    expect(rings).toBe(1)
    await net.until(far.write('x'))
    await net.advance(10_000)
    expect(rings).toBe(2)
    near.setTimeout(0)
    await net.until(far.write('x'))
    await net.advance(10_000)
    expect(rings).toBe(2)
    near.destroy()
  })

  it('does not count as silence a write that makes headway against a full window', async () => {
    const { net } = world
    const { near, far } = await connected({ receiveBuffer: 64 * 1024 })
    let rings = 0
    near.on('timeout', () => rings++)
    near.write(pattern(2 * 1024 * 1024))
    await net.advance(5000)
    near.setTimeout(2000)
    // the reader takes a little each second, all of it belongs to the one write
    const reading = far[Symbol.asyncIterator]()
    for (let i = 0; i < 8; i++) {
      for (let taken = 0; taken < 100_000; ) {
        const next: IteratorResult<Uint8Array> = await net.until(reading.next())
        taken += next.value.length
      }
      await net.advance(1000)
    }
    expect(rings).toBe(0)
    await net.advance(10_000)
    expect(rings).toBe(1)
    near.destroy()
    far.reset()
  })

  it('tells what became of a name before it fails', async () => {
    const { net, b } = world
    const duplex = createConnection(b, { host: 'nobody.example', port: 80 })
    const told: unknown[] = []
    duplex.on('lookup', (error, address, family, host) => told.push([error?.code, address, family, host]))
    duplex.on('error', ({ code }: NodeJS.ErrnoException) => told.push(code))
    await net.until(new Promise((resolve) => duplex.on('close', resolve)))
    expect(told).toEqual([['ENOTFOUND', undefined, undefined, 'nobody.example'], 'ENOTFOUND'])
  })

  it('says connect to a library that connects the stream it was given, before and after the fact', async () => {
    const { net, b } = world
    const { target } = await listening()
    const duplex = createConnection(b, target)
    let calls = 0
    const connect = (stream: VirtualDuplex) => stream.connect(target.port, target.host, () => calls++)
    connect(duplex)
    await net.until(once(duplex, 'connect'))
    expect(calls).toBe(1)
    const again = once(duplex, 'connect')
    connect(duplex)
    await net.until(again)
    expect(calls).toBe(2)
    duplex.destroy()
  })

  it('ends when the other side ends, unless one half may stay open', async () => {
    const { net, b } = world
    for (const allowHalfOpen of [false, true]) {
      const { server, target } = await listening()
      const taken = server[Symbol.asyncIterator]().next()
      const near = createConnection(b, { ...target, allowHalfOpen }).resume()
      const { value: far } = await net.until(taken)
      await net.until(far!.end())
      await net.until(once(near, 'end'))
      await net.advance(100)
      expect(near.writable).toBe(allowHalfOpen)
      near.destroy()
    }
  })

  it('gives up the connection when it is destroyed, also on the way', async () => {
    const { net, b } = world
    const { server, target } = await listening()
    let accepted = 0
    server.connections$.subscribe(() => accepted++)
    const duplex = createConnection(b, target)
    duplex.destroy()
    await net.until(once(duplex, 'close'))
    await net.advance(5000)
    expect(accepted).toBe(0)
    const aborted = createConnection(b, { ...target, signal: AbortSignal.abort(new Error('enough')) })
    const [error] = await net.until(once(aborted, 'error'))
    expect(error).toMatchObject({ message: 'enough' })
  })
})
