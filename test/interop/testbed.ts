import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, type Identity } from 'rxzt'
import { createPlanet, createSigningKey } from 'rxzt/controller'
import { eventually, LocalApi, NativeNode, type OurNode, Segment } from './namespaces.ts'
import { ip4, type Member, NativeMember, OurMember } from './network-member.ts'
import { recording } from './recording.ts'

export const program = process.env['RXZT_NATIVE'] ?? ''
export const able = process.getuid?.() === 0 && existsSync(join(program, 'zerotier-one'))

export type Make = 'native' | 'ours'

/** A root and a controller of one make on a segment of their own, and members of both makes. */
export class Testbed {
  readonly segment = new Segment()
  readonly make: Make
  readonly identities: Record<string, Identity> = {}
  private planet: Uint8Array = new Uint8Array()
  private controllerApi: LocalApi | undefined
  private controllerNode: OurNode | undefined
  constructor(make: Make) {
    this.make = make
  }

  static async open(make: Make): Promise<Testbed> {
    const bed = new Testbed(make)
    const address = bed.segment.host('r')
    const root = await bed.identity('root')
    bed.planet = createPlanet({
      id: 7_000_000_001n,
      timestamp: BigInt(Date.now()),
      roots: [{ identity: root.public, endpoints: [{ address, port: 9993 }] }],
      signingKey: createSigningKey(),
    })
    await bed.launch('r', root, make, 'root')
    bed.segment.host('c')
    bed.controllerApi = await bed.launch('c', await bed.identity('controller'), make, 'controller')
    return bed
  }

  /** The API of the controller's node. */
  get controller(): LocalApi {
    return this.controllerApi!
  }
  get planetHex(): string {
    return Buffer.from(this.planet).toString('hex')
  }

  async identity(name: string): Promise<Identity> {
    const made = await generateIdentity()
    this.identities[name] = made
    return made
  }

  private async launch(host: string, identity: Identity, make: Make, role: 'root' | 'controller'): Promise<LocalApi> {
    if (make === 'native') return this.segment.native(host, program, identity, this.planet)
    const node = this.segment.ours(host)
    const home = this.segment.home(host)
    await node.tell({ ...this.order(host, identity), role, home })
    if (role === 'controller') this.controllerNode = node
    return new LocalApi(this.segment, host, home)
  }

  /** Changes a network as only its record can be changed, while the controller is down. */
  async rewrite(network: string, change: Readonly<Record<string, unknown>>): Promise<void> {
    await this.restartController(this.make, () => {
      const file = join(this.segment.home('c'), 'controller.d', 'network', `${network}.json`)
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }))
    })
  }

  /** Ends the controller and starts a program of `make` on its home directory. */
  async restartController(make: Make, between: () => void = () => undefined): Promise<void> {
    if (this.controllerApi instanceof NativeNode) await this.controllerApi.stop()
    else await this.controllerNode?.tell({ do: 'close' })
    await this.controllerNode?.kill()
    this.controllerNode = undefined
    between()
    this.controllerApi = await this.launch('c', this.identities['controller']!, make, 'controller')
  }

  /** What one of our nodes is told first. */
  order(host: string, identity: Identity) {
    const address = this.segment.address(host)
    return { do: 'node', identity: identity.exportSecret(), planet: this.planetHex, address } as const
  }

  /** Takes over the host's home directory if there is one. */
  async native(host: string): Promise<NativeMember> {
    if (!this.segment.has(host)) this.segment.host(host)
    const identity = this.identities[host] ?? (await this.identity(host))
    const node = await this.segment.native(host, program, identity, this.planet)
    return new NativeMember(this.segment, host, identity.public.slice(0, 10), node)
  }

  /** With a home directory it serves the local API as well. */
  async ours(host: string, home?: string): Promise<OurMember> {
    if (!this.segment.has(host)) this.segment.host(host)
    const identity = this.identities[host] ?? (await this.identity(host))
    const node = this.segment.ours(host)
    await node.tell({ ...this.order(host, identity), role: 'member', ...(home === undefined ? {} : { home }) })
    return new OurMember(host, identity.public.slice(0, 10), node)
  }

  /** A network of the controller, as its API makes it; `net` are the first three octets of its IPv4 addresses. */
  create(net: string, more: Readonly<Record<string, unknown>> = {}): string {
    const id = this.identities['controller']!.public.slice(0, 10)
    const { id: network } = this.controller.api('POST', `/controller/network/${id}______`, {
      name: `net ${net}`,
      private: true,
      v4AssignMode: { zt: true },
      v6AssignMode: { rfc4193: true },
      ipAssignmentPools: [{ ipRangeStart: `${net}.1`, ipRangeEnd: `${net}.250` }],
      routes: [{ target: `${net}.0/24`, via: null }],
      ...more,
    })
    return network
  }

  update(network: string, change: Readonly<Record<string, unknown>>): void {
    this.controller.api('POST', `/controller/network/${network}`, change)
  }

  set(network: string, member: Pick<Member, 'id'>, change: Readonly<Record<string, unknown>>): void {
    this.controller.api('POST', `/controller/network/${network}/member/${member.id}`, change)
  }

  /** Authorizes members, joins them, and waits until they have `addresses` addresses each. */
  async admit(network: string, members: readonly Member[], addresses = 2): Promise<void> {
    for (const member of members) this.set(network, member, { authorized: true })
    await Promise.all(members.map((member) => member.join(network, addresses)))
  }

  /** Waits until everybody was answered by everybody: a native node looks for its groups every 5 seconds only. */
  async acquaint(members: readonly Member[]): Promise<void> {
    for (const from of members)
      for (const to of members) {
        if (from === to) continue
        const address = await ip4(to)
        await eventually(
          `${to.host} answers ${from.host}`,
          () => from.ping(address, 2),
          (answered) => answered > 0,
        )
      }
  }

  /** Records what a host sends and receives from now on; see `recording`. */
  async record(host: string, name: string): Promise<ReturnType<typeof recording>> {
    const made = recording(this.segment, host, name, this.identities)
    await made.started()
    return made
  }

  close(): Promise<void> {
    return this.segment.close()
  }
}
