/**
 * A ZeroTier network of one's own on the loopback interface: a root that signs its own planet, a controller, one
 * network. What the other examples stand on; nothing here leaves this machine.
 */

import { constants } from 'node:os'
import { filter, firstValueFrom } from 'rxjs'
import { createNode, generateIdentity, type NodeOptions, type ZtNode } from 'rxzt'
import { createController, createPlanet, createRoot, createSigningKey } from 'rxzt/controller'
import { udpLink } from 'rxzt/node'

const loopback = () => udpLink({ address: '127.0.0.1', port: 0, secondary: false })

export const privateNetwork = async () => {
  // The root: its identity and endpoint go into the planet, and the planet into every node.
  const rootLink = loopback()
  const rootIdentity = await generateIdentity()
  const endpoints = await firstValueFrom(rootLink.local$.pipe(filter((sockets) => sockets.length > 0)))
  const planet = createPlanet({
    id: 1n,
    timestamp: BigInt(Date.now()),
    roots: [{ identity: rootIdentity.public, endpoints }],
    signingKey: createSigningKey(),
  })
  const root = await createRoot({ identity: rootIdentity, planet, link: rootLink })

  // The controller: any node can be one.
  const host = await createNode({ planet, link: loopback() })
  const controller = createController(host)
  const network = await controller.create({
    name: 'example',
    v4AssignMode: { zt: true },
    ipAssignmentPools: [{ ipRangeStart: '10.147.17.1', ipRangeEnd: '10.147.17.254' }],
    routes: [{ target: '10.147.17.0/24' }],
    v6AssignMode: { rfc4193: true },
  })
  const approvals = controller.requests$.subscribe((request) => void request.authorize())

  const members: ZtNode[] = []
  const close = async (): Promise<void> => {
    for (const signal of SIGNALS) process.off(signal, stop)
    approvals.unsubscribe()
    for (const node of members) await node.close()
    await controller[Symbol.asyncDispose]()
    await host.close()
    await root.close()
  }
  // Ctrl-C says goodbye to the peers and frees the ports; a second one does not wait for that
  const stop = (signal: (typeof SIGNALS)[number]): void => {
    process.on('uncaughtException', () => undefined) // what the example still waits for fails now
    void close().finally(() => process.exit(128 + constants.signals[signal]))
  }
  for (const signal of SIGNALS) process.once(signal, stop)

  return {
    planet,
    controller,
    network,
    /** A fresh node on this planet; joining is up to the caller. */
    node: async (options: NodeOptions = {}): Promise<ZtNode> => {
      const node = await createNode({ planet, link: loopback(), ...options })
      members.push(node)
      return node
    },
    close,
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
