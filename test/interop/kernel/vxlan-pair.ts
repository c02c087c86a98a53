import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { KernelOrder } from './kernel-side.ts'
import type { HostOrder } from './vxlan-host.ts'

const sh = (command: string, ...args: readonly string[]): string => execFileSync(command, args, { encoding: 'utf8' })

/**
 * Two network namespaces without a route out: in one the kernel has a VXLAN interface with 10.77.0.1 and fd77::1, in
 * the other our stack is the far end of the tunnel, a UDP socket, with 10.77.0.2 and fd77::2.
 */
export class VxlanPair {
  private readonly kernelNs = `rx${process.pid}K`
  private readonly ourNs = `rx${process.pid}N`
  private readonly children: ChildProcess[] = []
  private readonly waiting = new Map<string, (result: unknown) => void>()
  private kernelSide: ChildProcess | undefined
  private host: ChildProcess | undefined
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
    // else frames of 60 kB arrive, with checksums that nobody finished
    this.inKernel('ethtool', '-K', 'vx0', 'tx', 'off', 'tso', 'off', 'gso', 'off')
  }

  async start(bytes: number): Promise<void> {
    this.host = await this.spawn(this.ourNs, './vxlan-host.ts', `${bytes}`)
    this.kernelSide = await this.spawn(this.kernelNs, './kernel-side.ts')
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
  close(): void {
    for (const child of this.children) child.kill('SIGKILL')
    for (const ns of [this.kernelNs, this.ourNs]) sh('ip', 'netns', 'del', ns)
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
