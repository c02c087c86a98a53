import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { KernelOrder } from './kernel-side.ts'
import type { HostOrder } from './vxlan-host.ts'

const sh = (command: string, ...args: readonly string[]): string => execFileSync(command, args, { encoding: 'utf8' })

/**
 * Network namespaces without a route out: in one the kernel has a VXLAN interface with 10.77.0.1 and fd77::1, in
 * another our stack is the far end of the tunnel, a UDP socket, with 10.77.0.2 and fd77::2. Behind the kernel is a third
 * with 10.88.0.2 and fd88::2; the way there is as wide as the kernel says.
 */
export class VxlanPair {
  private readonly kernelNs = `rx${process.pid}K`
  private readonly ourNs = `rx${process.pid}N`
  private readonly behindNs = `rx${process.pid}B`
  private readonly children: ChildProcess[] = []
  private readonly waiting = new Map<string, (result: unknown) => void>()
  private kernelSide: ChildProcess | undefined
  private host: ChildProcess | undefined
  private behindSide: ChildProcess | undefined
  private next = 0

  constructor() {
    const [k, n] = [this.kernelNs, this.ourNs]
    const ip = (line: string): string => sh('ip', ...line.split(' '))
    ip(`netns add ${k}`)
    ip(`netns add ${n}`)
    ip(`-n ${k} link set lo up`)
    ip(`-n ${k} link add va type veth peer name vb netns ${n}`)
    ip(`-n ${k} link set va mtu 9000 up`)
    ip(`-n ${k} addr add 10.9.0.1/24 dev va`)
    ip(`-n ${n} link set vb mtu 9000 up`)
    ip(`-n ${n} addr add 10.9.0.2/24 dev vb`)
    ip(`-n ${k} link add vx0 type vxlan id 42 local 10.9.0.1 remote 10.9.0.2 dstport 4789 nolearning`)
    ip(`-n ${k} link set vx0 mtu 2800 up`)
    ip(`-n ${k} addr add 10.77.0.1/24 dev vx0`)
    ip(`-n ${k} addr add fd77::1/64 dev vx0 nodad`)
    ip(`netns add ${this.behindNs}`)
    ip(`-n ${k} link add vr type veth peer name vq netns ${this.behindNs}`)
    for (const [ns, name, host] of [
      [k, 'vr', 1],
      [this.behindNs, 'vq', 2],
    ] as const) {
      ip(`-n ${ns} link set ${name} mtu 9000 up`)
      ip(`-n ${ns} addr add 10.88.0.${host}/24 dev ${name}`)
      ip(`-n ${ns} addr add fd88::${host}/64 dev ${name} nodad`)
    }
    ip(`-n ${this.behindNs} route add default via 10.88.0.1`)
    ip(`-n ${this.behindNs} -6 route add default via fd88::1`)
    this.inKernel('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
    // else frames of 60 kB arrive, with checksums that nobody finished
    this.inKernel('ethtool', '-K', 'vx0', 'tx', 'off', 'tso', 'off', 'gso', 'off')
  }

  async start(bytes: number): Promise<void> {
    this.host = await this.spawn(this.ourNs, './vxlan-host.ts', `${bytes}`)
    this.kernelSide = await this.spawn(this.kernelNs, './kernel-side.ts')
    this.behindSide = await this.spawn(this.behindNs, './kernel-side.ts')
  }
  inKernel(command: string, ...args: readonly string[]): string {
    return sh('ip', 'netns', 'exec', this.kernelNs, command, ...args)
  }
  inOurs(command: string, ...args: readonly string[]): string {
    return sh('ip', 'netns', 'exec', this.ourNs, command, ...args)
  }
  // biome-ignore lint/suspicious/noExplicitAny: each order has its own result
  ours(order: HostOrder): Promise<any> {
    return this.tell(this.host!, order)
  }
  // biome-ignore lint/suspicious/noExplicitAny: as above
  kernel(order: KernelOrder): Promise<any> {
    return this.tell(this.kernelSide!, order)
  }
  /** The host behind the kernel. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  behind(order: KernelOrder): Promise<any> {
    return this.tell(this.behindSide!, order)
  }
  close(): void {
    for (const child of this.children) child.kill('SIGKILL')
    for (const ns of [this.kernelNs, this.ourNs, this.behindNs]) sh('ip', 'netns', 'del', ns)
  }

  private tell(child: ChildProcess, order: unknown): Promise<unknown> {
    const id = this.next++
    return new Promise((resolve) => {
      this.waiting.set(`${child.pid} ${id}`, resolve)
      child.send({ id, order })
    })
  }
  private spawn(ns: string, file: string, ...args: readonly string[]): Promise<ChildProcess> {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const child = spawn('ip', ['netns', 'exec', ns, process.execPath, '--import', 'tsx', path, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.children.push(child)
    return new Promise((resolve) =>
      child.on('message', ({ id, result }: { id: number; result?: unknown }) => {
        if (id < 0) resolve(child)
        else this.waiting.get(`${child.pid} ${id}`)?.(result)
      }),
    )
  }
}
