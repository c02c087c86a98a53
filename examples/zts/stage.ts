/**
 * What every port stands on. With the arguments of the C program it runs on the public network, or on that of the
 * planet in the file which RXZT_PLANET names. Without any it runs alone: on a network of its own on the loopback
 * interface, where it meets somebody who is written with the interface of `rxzt`.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Network, SocketError, type TcpSocket, type ZtNode } from 'rxzt'
import { udpLink } from 'rxzt/node'
import { createZts, type Zts } from 'rxzt/zts'
import { privateNetwork } from '../private-network.ts'

export interface Port {
  /** Its name and arguments, those of the C program first. */
  readonly usage: string
  /** How many of them it needs. */
  readonly needs: number
  /** The program; resolves with its exit code. What a C program does for ever is done until the signal. */
  readonly main: (zts: Zts, args: readonly string[], signal: AbortSignal) => Promise<number>
  /** Gives it arguments and somebody to talk to; resolves when both are through. */
  readonly alone: (stage: Stage) => Promise<void>
}

export interface Stage {
  /** What the port is given. */
  readonly zts: Zts
  /** Another node of the planet, and the network that it is a member of. */
  readonly member: ZtNode
  readonly other: Network
  /** An empty folder. */
  readonly home: string
  /** Runs the port. */
  readonly run: (...args: readonly string[]) => Promise<void>
  /** The address of the port's node, once it has one; IPv4 in `other` unless a network is named, and IPv6 there. */
  readonly address: (adhoc?: bigint) => Promise<string>
  /** Connects the other member to the port, once it listens. */
  readonly connect: (port: number) => Promise<TcpSocket>
  /** Says what Ctrl-C says. */
  readonly stop: () => void
}

export interface Surroundings {
  readonly planet: Uint8Array
  readonly member: ZtNode
  readonly other: Network
  /** That of the port; a fresh one if left out. */
  readonly identity?: string
}

export const playAlone = async (port: Port, { planet, member, other, identity }: Surroundings): Promise<void> => {
  const home = mkdtempSync(join(tmpdir(), 'rxzt-zts-'))
  const ending = new AbortController()
  const zts = createZts({
    node: { planet, ...(identity === undefined ? {} : { identity }) },
    link: () => udpLink({ address: '127.0.0.1', port: 0, secondary: false }),
  })
  const run = async (...args: readonly string[]): Promise<void> => {
    const code = await port.main(zts, args, ending.signal)
    if (code !== 0) throw new Error(`the port ended with ${code}`)
  }
  const address = async (adhoc?: bigint): Promise<string> => {
    const [net, family] = adhoc === undefined ? [BigInt(`0x${other.id}`), zts.ZTS_AF_INET] : [adhoc, zts.ZTS_AF_INET6]
    while (zts.zts_addr_is_assigned(net, family) !== 1) await zts.zts_util_delay(20)
    return zts.zts_addr_get_str(net, family).str
  }
  const connect = async (port: number): Promise<TcpSocket> => {
    for (;;)
      try {
        return await other.connect({ host: await address(), port })
      } catch (error) {
        if (!(error instanceof SocketError) || error.code !== 'ECONNREFUSED') throw error
        await zts.zts_util_delay(20)
      }
  }
  try {
    await port.alone({ zts, member, other, home, run, address, connect, stop: () => ending.abort() })
  } finally {
    await zts.zts_node_free()
    rmSync(home, { recursive: true, force: true })
  }
}

/** Runs a port if its file is what Node was started with. */
export const program = async (url: string, port: Port): Promise<void> => {
  const [, file, ...args] = process.argv
  if (file === undefined || pathToFileURL(realpathSync(file)).href !== url) return
  if (args.length === 0) return stageAlone(port)
  if (args.includes('--help') || args.length < port.needs) {
    console.log(
      `Usage: npx tsx examples/zts/${port.usage}\nWithout arguments it runs alone, on the loopback interface.`,
    )
    process.exitCode = args.includes('--help') ? 0 : 2
    return
  }
  const planet = process.env['RXZT_PLANET']
  const zts = createZts(planet === undefined ? {} : { node: { planet: readFileSync(planet) } })
  const ending = new AbortController()
  // says goodbye to the peers, whatever the port waits for
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      ending.abort()
      void zts.zts_node_free().finally(() => process.exit(128 + constants.signals[signal]))
    })
  process.exitCode = await port.main(zts, args, ending.signal)
}

const stageAlone = async (port: Port): Promise<void> => {
  const zt = await privateNetwork()
  try {
    const member = await zt.node()
    await playAlone(port, { planet: zt.planet, member, other: await member.join(zt.network.id) })
  } finally {
    await zt.close()
  }
}

/** 10 or 16 hex digits. */
export const hex = (id: bigint, digits: 10 | 16): string => id.toString(16).padStart(digits, '0')

/** Says why the last call failed, and gives the exit code for that. */
export const failed = (zts: Zts, what: string, result: number): number => {
  console.error(`${what}: result ${result}, errno ${zts.zts_errno}`)
  if (zts.error !== undefined) console.error(zts.error.message)
  return 1
}
