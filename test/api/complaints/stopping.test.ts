import { fixtures, virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { openNetwork, serveEcho, virtualPair } from '../../support/virtual-pair.ts'

/** Complaints of those who want to stop: a wait, a socket, a node. */
describe('stopping', () => {
  it('"closing does not wake a blocked receive": it does, on every socket, with an error that says so', async () => {
    const { net, a, b } = await virtualPair(21)
    await serveEcho(a, 7)
    const tcp = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
    const udp = await net.until(b.bind())
    const raw = await net.until(b.raw({ protocol: 47 }))
    const server = await net.until(b.listen())
    const reading = [tcp, udp, raw, server].map((socket) =>
      socket[Symbol.asyncIterator]()
        .next()
        .then(
          ({ done }: IteratorResult<unknown>) => (done === true ? 'ended' : 'value'),
          ({ code }: { readonly code: string }) => code,
        ),
    )
    await net.advance(1000)
    for (const socket of [tcp, udp, raw, server]) void socket.close()
    expect(await net.until(Promise.all(reading))).toEqual(['ERR_ZT_SOCKET_CLOSED', 'ended', 'ended', 'ended'])
    await net[Symbol.asyncDispose]()
  })

  it('"a wait cannot be given up": every wait ends with its signal, with the reason of the signal, at once', async () => {
    const { net, alice, controller, a } = await virtualPair(22)
    const closed = await controller.create({ ...openNetwork, private: true })
    const abort = new AbortController()
    const { signal } = abort
    const waits = [
      alice.join(closed.id, { signal }),
      a.connect({ host: '10.144.0.200', port: 80, signal }),
      a.ping('10.144.0.200', { signal, timeout: 0 })[Symbol.asyncIterator]().next(),
    ]
    const outcome = Promise.allSettled(waits)
    await net.advance(2000)
    const reason = new Error('the user changed his mind')
    const began = net.now
    abort.abort(reason)
    expect(await net.until(outcome)).toEqual(waits.map(() => ({ status: 'rejected', reason })))
    expect(net.now).toBe(began)
    await net[Symbol.asyncDispose]()
  })

  it('"it can be started once, then the process has to end": a node is closed and started again twenty times', async () => {
    const net = virtualNet({ seed: 23 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    for (let round = 0; round < 20; round++) {
      const node = await net.node({ identity: fixtures.identities[12]! })
      await net.until(node.join(hosted.id))
      await net.until(node.close())
      await node.closed
    }
    await net[Symbol.asyncDispose]()
    expect(net.scheduler.actions).toEqual([])
  })

  it('"NODE_DOWN is never delivered": it is the last event, and after it the stream ends', async () => {
    const { net, alice } = await virtualPair(24)
    const types: string[] = []
    alice.events$.subscribe({ next: ({ type }) => types.push(type), complete: () => types.push('complete') })
    await net.until(alice.close())
    expect(types.slice(-2)).toEqual(['node/down', 'complete'])
    expect(types.slice(types.indexOf('network/down'))).toHaveLength(3)
    await net[Symbol.asyncDispose]()
  })

  it('"what still waits when the node is closed hangs for ever": it ends, and says what was closed', async () => {
    const { net, alice, a, b } = await virtualPair(25)
    await serveEcho(b, 7)
    const socket = await net.until(a.connect({ host: b.address(4)!, port: 7 }))
    const waits = [
      socket[Symbol.asyncIterator]().next(),
      a.connect({ host: '10.144.0.200', port: 80, timeout: 0 }),
      alice.join('8056c2e21c000001'),
      a.ping('10.144.0.200', { timeout: 0 })[Symbol.asyncIterator]().next(),
    ]
    const outcome = Promise.allSettled(waits)
    await net.advance(1000)
    await net.until(alice.close())
    expect((await net.until(outcome)).map((one) => one.status === 'rejected' && one.reason.code)).toEqual([
      'ERR_ZT_SOCKET_CLOSED',
      'ERR_ZT_CLOSED',
      'ERR_ZT_CLOSED',
      'ERR_ZT_CLOSED',
    ])
    await net[Symbol.asyncDispose]()
  })
})
