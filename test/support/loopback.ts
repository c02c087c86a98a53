import { createSocket } from 'node:dgram'
import {
  type Controller,
  type ControllerNetwork,
  createController,
  createPlanet,
  createRoot,
  createSigningKey,
} from '../../src/controller.node.ts'
import { createNode, type Network, parseIdentity, type ZtNode } from '../../src/index.node.ts'
import { udpLink } from '../../src/node.ts'
import { fixtures } from '../../src/testing.node.ts'
import { openNetwork } from './virtual-pair.ts'

export interface Loopback {
  readonly planet: Uint8Array
  readonly root: ZtNode
  readonly controller: Controller
  readonly hosted: ControllerNetwork
  readonly alice: ZtNode
  readonly bob: ZtNode
  readonly a: Network
  readonly b: Network
  close(): Promise<void>
}

/** A planet of our own on 127.0.0.1: a root, a controller and two members, over real UDP on ports that are free. */
export const loopback = async (): Promise<Loopback> => {
  const [rootIdentity, controllerIdentity, alicesIdentity, bobsIdentity] = fixtures.identities as [
    string,
    string,
    string,
    string,
  ]
  const port = await freePort()
  const planet = createPlanet({
    id: 0x7465_7374n,
    timestamp: BigInt(Date.now()),
    roots: [{ identity: parseIdentity(rootIdentity).public, endpoints: [{ address: '127.0.0.1', port }] }],
    signingKey: createSigningKey(),
  })
  const link = (port = 0) => udpLink({ address: '127.0.0.1', port, secondary: false })
  const root = await createRoot({ identity: rootIdentity, planet, link: link(port) })
  const host = await createNode({ identity: controllerIdentity, planet, link: link() })
  const controller = createController(host)
  const hosted = await controller.create(openNetwork)
  const alice = await createNode({ identity: alicesIdentity, planet, link: link() })
  const bob = await createNode({ identity: bobsIdentity, planet, link: link() })
  const [a, b] = await Promise.all([alice.join(hosted.id), bob.join(hosted.id)])
  const close = async (): Promise<void> => {
    for (const node of [alice, bob, host, root]) await node.close({ graceMs: 100 })
  }
  return { planet, root, controller, hosted, alice, bob, a, b, close }
}

/** The planet names the root's port before the root binds it. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
