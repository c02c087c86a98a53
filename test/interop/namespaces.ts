import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Identity } from 'rxzt'
import type { Order } from './peer.ts'

const sh = (command: string, ...args: readonly string[]): string => execFileSync(command, args, { encoding: 'utf8' })
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Hosts on one Ethernet segment, each in a network namespace without a route out; all gone after `close`. */
export class Segment {
  readonly folder = mkdtempSync(join(tmpdir(), 'rxzt-interop-'))
  private static made = 0
  private readonly tag = `rx${process.pid}s${Segment.made++}`
  protected readonly hosts = new Map<string, string>()
  private readonly children: ChildProcess[] = []

  constructor() {
    sh('ip', 'netns', 'add', this.ns('br'))
    sh('ip', '-n', this.ns('br'), 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
    sh('ip', '-n', this.ns('br'), 'link', 'set', 'br0', 'up')
  }

  ns(name: string): string {
    return `${this.tag}${name}`
  }

  /** Adds a host and returns its address, 10.98.0.1 upwards. */
  host(name: string): string {
    const address = `10.98.0.${this.hosts.size + 1}`
    this.hosts.set(name, address)
    sh('ip', 'netns', 'add', this.ns(name))
    sh('ip', '-n', this.ns(name), 'link', 'set', 'lo', 'up')
    sh(
      'ip',
      '-n',
      this.ns(name),
      'link',
      'add',
      'eth0',
      'type',
      'veth',
      'peer',
      'name',
      `v${name}`,
      'netns',
      this.ns('br'),
    )
    sh('ip', '-n', this.ns('br'), 'link', 'set', `v${name}`, 'master', 'br0', 'up')
    sh('ip', '-n', this.ns(name), 'addr', 'add', `${address}/24`, 'dev', 'eth0')
    sh('ip', '-n', this.ns(name), 'link', 'set', 'eth0', 'up')
    return address
  }

  has(name: string): boolean {
    return this.hosts.has(name)
  }

  address(name: string): string {
    return this.hosts.get(name)!
  }

  /** Runs a command inside a host's namespace and returns what it printed. */
  run(name: string, command: string, ...args: readonly string[]): string {
    return sh('ip', 'netns', 'exec', this.ns(name), command, ...args)
  }

  /** Likewise, while other things go on. */
  exec(name: string, command: string, ...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) =>
      execFile(
        'ip',
        ['netns', 'exec', this.ns(name), command, ...args],
        { encoding: 'utf8', maxBuffer: 1 << 24 },
        (error, stdout, stderr) =>
          error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stderr}`)),
      ),
    )
  }

  private start(name: string, command: string, args: readonly string[], ipc: boolean): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.ns(name), command, ...args], {
      stdio: ipc ? ['ignore', 'inherit', 'inherit', 'ipc'] : 'ignore',
    })
    this.children.push(child)
    return child
  }

  /** The directory in which a host's programs keep what they know; it outlives them. */
  home(name: string): string {
    return join(this.folder, name)
  }

  /**
   * A native node: its home holds our planet before it starts, so that it never calls anybody else. A home that is
   * there already is taken over.
   */
  async native(name: string, program: string, identity: Identity, planet: Uint8Array): Promise<NativeNode> {
    const home = this.home(name)
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'planet'), planet)
    writeFileSync(join(home, 'identity.public'), identity.public)
    writeFileSync(join(home, 'identity.secret'), identity.exportSecret())
    chmodSync(join(home, 'identity.secret'), 0o600)
    writeFileSync(
      join(home, 'local.conf'),
      JSON.stringify({
        settings: { portMappingEnabled: false, allowTcpFallbackRelay: false, softwareUpdate: 'disable' },
      }),
    )
    const child = this.start(name, join(program, 'zerotier-one'), ['-U', '-p9993', home], false)
    const node = new NativeNode(this, name, home, child)
    for (let i = 0; i < 100; i++) {
      await pause(100)
      if (node.try('GET', '/status') !== undefined) return node
    }
    throw new Error(`the native node ${name} does not answer on its API`)
  }

  /** One of our nodes. */
  ours(name: string): OurNode {
    const file = fileURLToPath(new URL('./peer.ts', import.meta.url))
    return new OurNode(this.start(name, process.execPath, ['--import', 'tsx', file], true))
  }

  /** A process that uses the kernel's stack on an interface of a host. */
  kernel(name: string, device: string): OurNode {
    const file = fileURLToPath(new URL('./kernel-peer.ts', import.meta.url))
    return new OurNode(this.start(name, process.execPath, ['--import', 'tsx', file, device], true))
  }

  /**
   * Records what a host sends and receives, with the secrets that open it, where RXZT_CAPTURE names a folder.
   * The identities are thrown away with the network.
   */
  capture(name: string, file: string, identities: Readonly<Record<string, Identity>>): void {
    const folder = process.env['RXZT_CAPTURE']
    if (folder === undefined) return
    mkdirSync(join(folder, 'ids'), { recursive: true })
    for (const [who, one] of Object.entries(identities))
      writeFileSync(join(folder, 'ids', `${file}-${who}.secret`), one.exportSecret())
    this.program(name, 'tcpdump', '-U', '-i', 'eth0', '-w', join(folder, `${file}.pcap`), '-c', '400', 'udp')
  }

  /** Cuts or restores what two hosts say to each other directly; what a third relays still passes. */
  block(a: string, b: string, on: boolean): void {
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      const table = `cut_${there}`
      if (on) {
        this.run(here, 'nft', 'add', 'table', 'ip', table)
        this.run(here, 'nft', `add chain ip ${table} in { type filter hook input priority 0 ; }`)
        this.run(here, 'nft', `add rule ip ${table} in ip saddr ${this.address(there)} drop`)
      } else this.run(here, 'nft', 'delete', 'table', 'ip', table)
    }
  }

  /** Any other program in a namespace. */
  program(name: string, command: string, ...args: readonly string[]): void {
    this.start(name, command, args, false)
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGTERM')
    await pause(500)
    for (const child of this.children) if (child.exitCode === null) child.kill('SIGKILL')
    for (const name of [...this.hosts.keys(), 'br']) sh('ip', 'netns', 'del', this.ns(name))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The HTTP API of a node of either make, with the token of its home. */
export class LocalApi {
  private readonly segment: Segment
  private readonly name: string
  private readonly home: string
  constructor(segment: Segment, name: string, home: string) {
    this.segment = segment
    this.name = name
    this.home = home
  }

  // biome-ignore lint/suspicious/noExplicitAny: JSON of the native API, read field by field in the tests
  api(method: string, path: string, body?: unknown): any {
    const token = sh('cat', join(this.home, 'authtoken.secret')).trim()
    const data = body === undefined ? [] : ['-d', JSON.stringify(body)]
    const out = this.segment.run(
      this.name,
      'curl',
      '-s',
      '-m',
      '10',
      '-X',
      method,
      '-H',
      `X-ZT1-Auth: ${token}`,
      ...data,
      `http://127.0.0.1:9993${path}`,
    )
    return JSON.parse(out)
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  try(method: string, path: string): any {
    try {
      return this.api(method, path)
    } catch {
      return undefined
    }
  }
}

export class NativeNode extends LocalApi {
  private readonly child: ChildProcess
  constructor(segment: Segment, name: string, home: string, child: ChildProcess) {
    super(segment, name, home)
    this.child = child
  }

  /** Ends the program as its service manager would; its home stays. */
  stop(): Promise<void> {
    return ended(this.child, 'SIGTERM')
  }
  /** Ends it as a power cut would. */
  kill(): Promise<void> {
    return ended(this.child, 'SIGKILL')
  }
}

export class OurNode {
  private readonly child: ChildProcess
  private readonly waiting = new Map<number, (message: { result?: unknown; error?: string }) => void>()
  private next = 0
  constructor(child: ChildProcess) {
    this.child = child
    child.on('message', (message: { id: number; result?: unknown; error?: string }) => {
      this.waiting.get(message.id)?.(message)
      this.waiting.delete(message.id)
    })
    child.on('exit', () => {
      for (const settle of this.waiting.values()) settle({ error: 'the process ended' })
    })
  }

  /** Ends the process as a power cut would; its home stays. */
  kill(): Promise<void> {
    return ended(this.child, 'SIGKILL')
  }

  // biome-ignore lint/suspicious/noExplicitAny: each order has its own result
  tell(order: Order): Promise<any> {
    return new Promise((resolve, reject) => {
      const id = this.next++
      this.waiting.set(id, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))))
      this.child.send({ id, order })
    })
  }
}

const ended = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await exit
}

/** Asks again until it holds, or says what it last saw. */
export const eventually = async <T>(
  what: string,
  ask: () => T | Promise<T>,
  holds: (value: T) => boolean,
  ms = 30_000,
): Promise<T> => {
  const until = Date.now() + ms
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    if (Date.now() > until) throw new Error(`${what}: still ${JSON.stringify(value)} after ${ms} ms`)
    await pause(200)
  }
}
