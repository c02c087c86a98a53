import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixtures } from '../../src/testing.node.ts'
import { type Running, rxzt, start } from './harness.ts'

/** Home directories on loopback: a root with its planet, and services in it, all by the command line. */
export class World {
  readonly folder: string
  readonly #running: Running[] = []
  #next = 0

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'rxzt-cli-')))
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** A home directory with an identity that need not be made first. */
  async home(name: string): Promise<string> {
    const home = this.path(name)
    await mkdir(home, { mode: 0o700 })
    await writeFile(join(home, 'identity.secret'), fixtures.identities[this.#next++]!, { mode: 0o600 })
    return home
  }

  /** Starts a root that makes its planet; `planet` of its home is then for everybody. */
  async root(): Promise<string> {
    const home = await this.home('root')
    const port = await freePort()
    await this.serve([
      'root',
      '-D',
      home,
      '--planet-key',
      this.path('planet.key'),
      '--endpoint',
      `127.0.0.1/${port}`,
      '--port',
      String(port),
      '--api-port',
      '0',
    ])
    return join(home, 'planet')
  }

  /** Starts a service in that planet. */
  async up(name: string, planet: string, ...more: readonly string[]): Promise<string> {
    const home = await this.home(name)
    await this.serve(['up', '-D', home, '--planet', planet, '--port', '0', '--api-port', '0', ...more])
    return home
  }

  async serve(argv: readonly string[]): Promise<Running> {
    const running = start([...argv, '--udp-address', '127.0.0.1', '--json'])
    this.#running.push(running)
    await running.until('"event":"service"')
    if (!running.printed().stdout.includes('"event":"service"')) throw new Error(running.printed().stderr)
    return running
  }

  async id(home: string): Promise<string> {
    return (await readFile(join(home, 'identity.secret'), 'utf8')).slice(0, 10)
  }

  async close(): Promise<void> {
    for (const one of this.#running) one.interrupt()
    await Promise.all(this.#running.map(({ ended }) => ended))
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A command that has to succeed: what it printed. */
export const done = async (...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await rxzt(argv)
  if (code !== 0) throw new Error(`rxzt ${argv.join(' ')}: ${code} ${stderr}`)
  return stdout.trimEnd()
}

const freePort = async (): Promise<number> => {
  const { createSocket } = await import('node:dgram')
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}
