import { afterAll, beforeAll } from 'vitest'
import { type VirtualController, type VirtualNet, virtualNet } from '../../../../src/testing.node.ts'
import { createZts, type Zts } from '../../../../src/zts.node.ts'
import { openNetwork } from '../../../support/virtual-pair.ts'

/** Two programs that were written for the C library, each with a node of its own on one network. */
export interface TwoPrograms {
  readonly net: VirtualNet
  readonly controller: VirtualController
  readonly a: Zts
  readonly b: Zts
  /** IPv4 and IPv6 addresses of both. */
  readonly a4: string
  readonly b4: string
  readonly b6: string
  readonly networkId: bigint
  /** Lets time pass until it is settled. */
  readonly until: <T>(promise: Promise<T>, limit?: number) => Promise<T>
  /** What `a` and `b` have of a connection between them. */
  readonly connected: () => Promise<{ readonly client: number; readonly server: number; readonly listener: number }>
}

export const startTwoPrograms = async (seed = 1): Promise<TwoPrograms> => {
  const net = virtualNet({ seed })
  await net.root()
  const controller = await net.controller()
  const { id } = await controller.create(openNetwork)
  const networkId = BigInt(`0x${id}`)
  const [a, b] = [createZts({ net }), createZts({ net })]
  const until = <T>(promise: Promise<T>, limit = 300_000): Promise<T> => net.until(promise, limit)
  for (const zts of [a, b]) {
    await until(zts.zts_node_start())
    zts.zts_net_join(networkId)
  }
  while (a.zts_net_transport_is_ready(networkId) === 0 || b.zts_net_transport_is_ready(networkId) === 0)
    await net.advance(100)
  const text = (zts: Zts, family: number): string => zts.zts_addr_get_str(networkId, family).str
  const b4 = text(b, b.ZTS_AF_INET)
  let port = 20_000
  const connected = async () => {
    const listener = b.zts_socket(b.ZTS_AF_INET, b.ZTS_SOCK_STREAM, 0)
    b.zts_bind(listener, '0.0.0.0', ++port)
    b.zts_listen(listener, 5)
    const client = a.zts_socket(a.ZTS_AF_INET, a.ZTS_SOCK_STREAM, 0)
    const [, accepted] = await until(Promise.all([a.zts_connect(client, b4, port), b.zts_accept(listener)]))
    return { client, server: accepted.fd, listener }
  }
  return {
    ...{ net, controller, a, b, b4, networkId, until, connected },
    a4: text(a, a.ZTS_AF_INET),
    b6: text(b, b.ZTS_AF_INET6),
  }
}

/** For a file of tests: started before the first, ended after the last. */
export const twoPrograms = (): { readonly get: () => TwoPrograms } => {
  let programs: TwoPrograms | undefined
  beforeAll(async () => {
    programs = await startTwoPrograms()
  })
  afterAll(async () => programs?.net[Symbol.asyncDispose]())
  return { get: () => programs! }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (data: Uint8Array, length = data.length): string =>
  new TextDecoder().decode(data.subarray(0, Math.max(0, length)))

/** What a call gives, and why. */
export const outcome = async (
  zts: Zts,
  call: () => number | Promise<number>,
): Promise<readonly [result: number, errno: number]> => {
  zts.errno = 0
  const given = await call()
  return [given, zts.errno]
}
