import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rfc4193 } from 'rxzt'
import { LineProgram } from './line-program.ts'
import { eventually } from './namespaces.ts'
import { started } from './sdk.ts'
import { type Make, Testbed } from './testbed.ts'
import { NEAR, PORT } from './traffic-ports.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The command line as it was built last. */
export const RXZT: readonly [string, string] = [process.execPath, join(root, 'dist/cli.js')]

export const DOMAIN = 'lab.test'
const PREFIX = '10.171.0'

/**
 * Two hosts in a private network. On the near one a service of `rxzt up`, whose node the commands use. On the far one
 * the real servers: in front of them `rxzt forward -R` and `rxzt serve` on a service of its own, or the kernel's stack
 * on the interface of a native node.
 */
export class TrafficScene {
  readonly bed: Testbed
  readonly network: string
  /** Of the far host. */
  readonly ip4 = `${PREFIX}.20`
  readonly name = `far.${DOMAIN}`
  ip6 = ''
  /** Of the near host. */
  readonly nearIp4 = `${PREFIX}.10`
  /** What `rxzt join --wait` said on the near host, from before it was let in. */
  joined = ''

  private constructor(bed: Testbed) {
    this.bed = bed
    this.network = bed.create(PREFIX, { dns: { domain: DOMAIN, servers: [this.ip4] } })
  }

  static async open(make: Make): Promise<TrafficScene> {
    const scene = new TrafficScene(await Testbed.open(make))
    for (const host of ['near', 'far']) scene.bed.segment.host(host)
    await Promise.all([scene.#openNear(), make === 'native' ? scene.#openNative() : scene.#openOurs()])
    return scene
  }

  /** A command on a host, on the service there. */
  rxzt(host: string, ...args: readonly string[]): LineProgram {
    return this.program(host, ...RXZT, ...args, '-D', this.bed.segment.home(host))
  }
  program(host: string, ...command: readonly [string, ...string[]]): LineProgram {
    return started(new LineProgram(this.bed.segment, host, command, { cwd: root }))
  }
  /** Runs a program on the near host, and returns what it printed. */
  near(command: string, ...args: readonly string[]): Promise<string> {
    return this.bed.segment.exec('near', command, ...args)
  }

  /** Waits until something on the far host listens there. */
  async listens(port: number, protocol: 'tcp' | 'udp' = 'tcp'): Promise<void> {
    await eventually(
      `a server on ${protocol} port ${port}`,
      () => this.bed.segment.run('far', 'ss', '-Hln', `--${protocol}`, `sport = :${port}`),
      (out) => out !== '',
    )
  }

  /** The proxy and the forwarded ports of the near host. */
  async offer(): Promise<void> {
    const proxy = this.rxzt('near', 'proxy', this.network, '--socks', `${NEAR.socks}`, '--http', `${NEAR.http}`)
    const ports = (['iperf', 'postgres', 'redis'] as const).map((one) => `${NEAR[one]}:${this.ip4}:${PORT[one]}`)
    const forward = this.rxzt('near', 'forward', this.network, ...ports, `${NEAR.closed}:${this.ip4}:${NEAR.closed}`)
    await proxy.line(/^http:\/\/127/)
    await forward.line(new RegExp(`${NEAR.closed}$`))
  }

  /** Makes the far host's ports reachable; a native node's are by themselves, so that it needs a server of its own for the files. */
  async expose(folder: string): Promise<void> {
    if (this.bed.make === 'native') {
      this.program('far', 'python3', '-m', 'http.server', `${PORT.web}`, '--bind', '::', '--directory', folder)
      await this.listens(PORT.web)
    } else {
      const specs = (names: readonly (keyof typeof PORT)[]): readonly string[] =>
        names.map((name) => `${PORT[name]}:127.0.0.1:${PORT[name]}`)
      const back = ['forward', this.network, '-R']
      const streams = this.rxzt('far', ...back, ...specs(['iperf', 'postgres', 'redis', 'ssh']))
      const datagrams = this.rxzt('far', ...back, '-u', ...specs(['echo', 'names']))
      const files = this.rxzt('far', 'serve', this.network, folder, '-p', `${PORT.web}`)
      await Promise.all([streams.line(/:22$/), datagrams.line(/:53$/), files.line(/^http:\/\/10/)])
    }
    // a native node looks for its multicast groups, and so for questions after its address, every 5 s only
    await eventually(
      'the far host answers',
      () => this.rxzt('near', 'ping', this.network, this.ip4, '-c', '1').ended(),
      (code) => code === 0,
    )
  }

  close(): Promise<void> {
    return this.bed.close()
  }

  /** A service on a host whose home names the planet of the testbed alone. */
  async #service(host: string): Promise<string> {
    const home = this.bed.segment.home(host)
    const identity = await this.bed.identity(host)
    mkdirSync(home)
    writeFileSync(join(home, 'identity.secret'), identity.exportSecret(), { mode: 0o600 })
    writeFileSync(join(home, 'planet'), Buffer.from(this.bed.planetHex, 'hex'))
    const service = this.rxzt(host, 'up')
    await service.line(/node\/online/)
    await service.line(/service API on/)
    return identity.public.slice(0, 10)
  }

  async #openNear(): Promise<void> {
    const id = await this.#service('near')
    const join = this.rxzt('near', 'join', this.network, '--wait', '--timeout', '60')
    await join.line(new RegExp(`^waiting: authorise node ${id}`))
    this.bed.set(this.network, { id }, { authorized: true, ipAssignments: [this.nearIp4] })
    await join.line(/^200 join OK/)
    this.joined = join.text
    // as with native services, name servers are taken from networks that are trusted with it
    await this.rxzt('near', 'set', this.network, 'allowDNS=1').ended()
  }

  async #openOurs(): Promise<void> {
    const id = await this.#service('far')
    this.ip6 = rfc4193(this.network, id)
    this.bed.set(this.network, { id }, { authorized: true, ipAssignments: [this.ip4] })
    await this.rxzt('far', 'join', this.network, '--wait', '--timeout', '60').line(/^200 join OK/)
  }

  async #openNative(): Promise<void> {
    const member = await this.bed.native('far')
    this.ip6 = rfc4193(this.network, member.id)
    this.bed.set(this.network, member, { authorized: true, ipAssignments: [this.ip4] })
    await member.join(this.network, 2)
  }
}
