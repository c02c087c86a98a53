import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from './libraries/member.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A process that runs the built package. */
class Member {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: { readonly result?: unknown; readonly error?: string }) => void>()
  #next = 0

  constructor() {
    // a configuration without paths: the package is found by its name, as users find it
    const env = { ...process.env, TSX_TSCONFIG_PATH: `${root}/bench/tsconfig.json` }
    const options = { cwd: root, env, execArgv: ['--import', 'tsx'] }
    this.#child = fork(fileURLToPath(new URL('libraries/member.ts', import.meta.url)), options)
    this.#child.on('message', (message: { id: number; result?: unknown; error?: string }) => {
      this.#waiting.get(message.id)?.(message)
    })
    this.#child.on('exit', () => {
      for (const answer of this.#waiting.values()) answer({ error: 'the process ended' })
    })
  }

  // biome-ignore lint/suspicious/noExplicitAny: each order has its own result
  tell(order: Order): Promise<any> {
    return new Promise((resolve, reject) => {
      const id = this.#next++
      this.#waiting.set(id, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))))
      this.#child.send({ id, order })
    })
  }

  close(): void {
    this.#child.kill()
  }
}

describe('the libraries of others, between two processes that run the built package', () => {
  const alice = new Member()
  const bob = new Member()
  let hosts: { readonly alice: string; readonly bob: string }
  beforeAll(async () => {
    if (!existsSync(`${root}/dist/index.node.js`)) throw new Error('dist is missing — run npm run build first')
    const { planet, id } = await alice.tell({ do: 'found' })
    const [a, b] = await Promise.all(
      [alice, bob].map((member, identity) => member.tell({ do: 'join', planet, id, identity })),
    )
    hosts = { alice: a.host, bob: b.host }
    // both processes load every library first
  }, 120_000)
  afterAll(() => {
    alice.close()
    bob.close()
  })
  const bobCalls = (library: Extract<Order, { do: 'call' }>['library']) =>
    bob.tell({ do: 'call', library, host: hosts.alice })

  it('node:http asks express three times over one connection of its pool', async () => {
    const hello = (name: string) => ({ hello: name, from: hosts.bob, secure: false })
    expect(await bobCalls('node:http')).toEqual({ results: [hello('a'), hello('b'), hello('c')], connections: 1 })
  })

  it('axios asks express, posts a megabyte over the same connection, and asks over TLS', async () => {
    const hello = { hello: 'axios', from: hosts.bob }
    const results = [{ ...hello, secure: false }, true, { ...hello, secure: true }]
    expect(await bobCalls('axios')).toEqual({ results, connections: 1 })
  })

  it('fetch asks fastify, posts a megabyte over the same connection, and asks express over TLS', async () => {
    const hello = { hello: 'fetch', from: hosts.bob }
    const results = [hello, { ...hello, secure: true }, hello, true]
    expect(await bobCalls('undici fetch')).toEqual({ results, connections: 1 })
  })

  it('node:https asks express', async () => {
    const hello = { from: hosts.bob, secure: true }
    expect(await bobCalls('https')).toEqual([
      { hello: 'https', ...hello },
      { hello: 'again', ...hello },
    ])
  })

  it('node:tls speaks over a stream that is connecting', async () => {
    expect(await bobCalls('tls')).toEqual({
      authorized: true,
      status: 'HTTP/1.1 200 OK',
      body: { hello: 'tls', from: hosts.bob, secure: true },
    })
  })

  it('ws talks in both roles, each way', async () => {
    const talk = (host: string) => [`hello ${host}`, true, 'still there', 4000]
    expect(await bobCalls('ws')).toEqual([talk(hosts.bob), talk(hosts.bob)])
    const back = await alice.tell({ do: 'call', library: 'ws', host: hosts.bob })
    expect(back).toEqual([talk(hosts.alice), talk(hosts.alice)])
  })

  it('socket.io talks by web sockets, and by polling', async () => {
    expect(await bobCalls('socket.io')).toEqual([
      [5, ['to all', 'websocket']],
      [5, ['to all', 'polling']],
    ])
  })

  it('a net.Server and a dgram.Socket echo', async () => {
    expect(await bobCalls('net and dgram')).toEqual(['over a net.Server', 'over a dgram.Socket', true])
  })
})
