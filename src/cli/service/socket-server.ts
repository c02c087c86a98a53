import { rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { VirtualNode } from '../../api/node.ts'
import { attach, SOCKETS_APART } from '../../api/worker/node-host.ts'
import type { ZtNode } from '../../index.node.ts'
import { sameToken } from '../../streams/io/auth-token.ts'
import { fail } from '../failure.ts'
import { isSystemError } from '../file.ts'
import { Channel, channelPath, firstLine, type Hello, type Welcome } from './channel.ts'

/** Lets commands use the node of this process, each over a connection of its own. */
export class Sockets {
  readonly #server: Server
  readonly #node: VirtualNode
  readonly #token: string
  readonly #version: string
  readonly #using = new Map<Socket, number>()

  private constructor(server: Server, node: VirtualNode, token: string, version: string) {
    this.#server = server
    this.#node = node
    this.#token = token
    this.#version = version
    server.on('connection', (socket: Socket) => void this.#welcome(socket))
  }

  /** The home directory belongs to this process: what lies there of an earlier one is taken away. */
  static async open(node: ZtNode, home: string, token: string, version: string): Promise<Sockets> {
    if (!(node instanceof VirtualNode)) return fail('the node is not of this process', 'please report it')
    const path = channelPath(home)
    if (process.platform !== 'win32') {
      if (Buffer.byteLength(path) > MOST_PATH)
        return fail(
          `${path} is too long for a socket: ${Buffer.byteLength(path)} bytes, ${MOST_PATH} are possible`,
          'choose a home directory with a shorter path',
        )
      await rm(path, { force: true })
    }
    const server = createServer()
    // from the first moment on for the owner alone
    const before = process.umask(0o177)
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(path, resolve)
        process.umask(before)
      })
    } catch (cause) {
      const why = isSystemError(cause) ? cause.code : String(cause)
      return fail(`${path} cannot be opened (${why})`, 'choose a home directory on a disk of this machine', { cause })
    } finally {
      process.umask(before)
    }
    return new Sockets(server, node, token, version)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#using.keys()) socket.destroy()
    await closed
  }

  async #welcome(socket: Socket): Promise<void> {
    socket.on('error', () => undefined)
    if (this.#using.size >= MOST_COMMANDS) {
      this.#say(socket, { version: this.#version, refused: 'busy' })
      return
    }
    const place = freePlace(new Set(this.#using.values()))
    this.#using.set(socket, place)
    socket.once('close', () => this.#using.delete(socket))
    try {
      const { line, rest } = await firstLine(socket)
      const { token, version } = helloIn(line)
      const refused = !sameToken(token, this.#token) ? 'token' : version !== this.#version ? 'version' : undefined
      this.#say(socket, { version: this.#version, ...(refused === undefined ? {} : { refused }) })
      if (refused !== undefined) return
      const channel = new Channel(socket, rest)
      const abandon = attach(this.#node, channel, 1 + place * SOCKETS_APART)
      channel.whenGone(abandon)
      socket.resume()
    } catch {
      socket.destroy()
    }
  }

  #say(socket: Socket, welcome: Welcome): void {
    const line = `${JSON.stringify(welcome)}\n`
    if (welcome.refused === undefined) socket.write(line)
    else socket.end(line, () => socket.destroy())
  }
}

/** Where nobody else numbers sockets; 0 is the node's own program. */
const freePlace = (taken: ReadonlySet<number>): number => {
  for (let place = 1; ; place++) if (!taken.has(place)) return place
}

const helloIn = (line: string): Hello => {
  const { token, version }: { readonly token?: unknown; readonly version?: unknown } = JSON.parse(line)
  return { token: String(token), version: String(version) }
}

/** Commands that use the node at once. */
const MOST_COMMANDS = 256
/** Bytes of the path of a Unix socket, on every system that has them. */
const MOST_PATH = 103
