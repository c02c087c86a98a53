import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Controller, createController } from '../../../src/controller.node.ts'
import { memoryStore, type StateStore, type ZtNode } from '../../../src/index.node.ts'
import { type LocalApi, type LocalApiOptions, serveLocalApi } from '../../../src/node.ts'
import { fixtures, type VirtualNet, virtualNet } from '../../../src/testing.node.ts'

export interface Reply {
  readonly status: number
  readonly type: string | undefined
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the API, read field by field in the tests
  readonly json: any
}

/** A node of a virtual network, with the real server on a free port. */
export class Served implements AsyncDisposable {
  readonly net: VirtualNet
  readonly node: ZtNode
  readonly api: LocalApi
  readonly controller: Controller
  readonly store: StateStore
  readonly home: string

  private constructor(parts: Pick<Served, 'net' | 'node' | 'api' | 'controller' | 'store' | 'home'>) {
    this.net = parts.net
    this.node = parts.node
    this.api = parts.api
    this.controller = parts.controller
    this.store = parts.store
    this.home = parts.home
  }

  static async start(seed: number, options: LocalApiOptions = {}): Promise<Served> {
    const net = virtualNet({ seed })
    const store = memoryStore()
    const node = await net.node({ identity: fixtures.identities[9]!, store })
    await net.until(node.online())
    const controller = createController(node)
    const home = await mkdtemp(join(tmpdir(), 'rxzt-home-'))
    const api = await serveLocalApi(node, { port: 0, home, controller, ...options })
    return new Served({ net, node, api, controller, store, home })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.net[Symbol.asyncDispose]()
    await rm(this.home, { recursive: true })
  }

  /** `body`: text as it is, anything else as JSON. */
  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = this.shown): Promise<Reply> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const length = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: this.api.port, method, path, headers: { ...headers, ...length } })
      call.on('error', reject)
      call.on('response', async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        const all = Buffer.concat(chunks).toString()
        const type = response.headers['content-type']
        const json: unknown = type === 'application/json' && all !== '' ? JSON.parse(all) : undefined
        resolve({ status: response.statusCode ?? 0, type, text: all, json })
      })
      call.end(text)
    })
  }

  /** What comes back for bytes as they are, until the server hangs up. */
  raw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let back = ''
      const socket = connect(this.api.port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (data) => {
        back += data.toString()
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(back))
    })
  }

  get shown(): Record<string, string> {
    return { 'X-ZT1-Auth': this.api.token }
  }
}
