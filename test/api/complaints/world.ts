import { readFileSync } from 'node:fs'
import type { Observable } from 'rxjs'
import type { BridgePort, Network, RawSocket, TcpServer, TcpSocket, UdpSocket, ZtNode } from 'rxzt'
import { type VirtualController, type VirtualNet, virtualNet } from 'rxzt/testing'
import { openNetwork, serveEcho } from '../../support/virtual-pair.ts'

/** What a program holds, or has let go of, and what became of everything it called. */
export interface World {
  readonly net: VirtualNet
  readonly controller: VirtualController
  /** A public network, a private one, one that does not exist. */
  readonly ids: readonly string[]
  readonly nodes: ZtNode[]
  readonly networks: Network[]
  readonly servers: TcpServer[]
  readonly sockets: TcpSocket[]
  readonly datagrams: UdpSocket[]
  readonly raws: RawSocket[]
  readonly bridges: BridgePort[]
  readonly aborts: readonly AbortController[]
  /** What the signals abort with. */
  readonly reason: Error
  /** The address of an echo server. */
  readonly peer: string
  /** The codes of docs/errors.md, without that of a defect. */
  readonly documented: ReadonlySet<string>
  /** Watches an observable to its end. */
  readonly see: (stream$: Observable<unknown>) => Promise<void>
}

export const openWorld = async (seed: number): Promise<World> => {
  const net = virtualNet({ seed })
  const controller = await net.controller()
  const open = await controller.create(openNetwork)
  const closed = await controller.create({ ...openNetwork, private: true })
  const [server, node, other] = [await net.node(), await net.node(), await net.node()]
  const [served, network] = await net.until(Promise.all([server.join(open.id), node.join(open.id)]))
  await serveEcho(served, 7)
  return {
    net,
    controller,
    ids: [open.id, closed.id, `${controller.node.id}abcdef`],
    nodes: [node, other],
    networks: [network],
    ...{ servers: [], sockets: [], datagrams: [], raws: [], bridges: [] },
    aborts: [new AbortController(), new AbortController(), new AbortController()],
    reason: new Error('enough'),
    peer: served.address(4)!,
    documented,
    see: (stream$) => new Promise((resolve, reject) => stream$.subscribe({ error: reject, complete: () => resolve() })),
  }
}

const errors = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const documented = new Set([...errors.matchAll(/^### (E[A-Z_]+)$/gm)].map(([, code]) => code!))
documented.delete('ERR_ZT_DEFECT')
