import type { JoinOptions, Network, ZtNode } from '../index.node.ts'
import type { Call } from './command.ts'
import { readBytes } from './file.ts'
import type { NodeChoice } from './node-options.ts'

/** A node for a command: that of the service, or one of its own. Disposal gives back what was opened, and no more. */
export interface OpenNode extends AsyncDisposable {
  readonly node: ZtNode
  readonly own: boolean
}
export interface OpenNetwork extends OpenNode {
  readonly network: Network
}

/**
 * The node that a command works with. With `--ephemeral` one with a new identity; else that of the service on the home
 * directory; else one of the command's own with the identity and the networks of the home directory.
 */
export const openNode = async ({ options, io, out }: Call<NodeChoice>): Promise<OpenNode> => {
  const { ephemeral = false, planet, udpPort = 0, udpAddress, home } = options
  const bytes = planet === undefined ? undefined : await readBytes(planet)
  const [{ createNode }, { udpLink }] = await Promise.all([import('../index.node.ts'), import('../node.ts')])
  const signal = io.interrupted()
  out.progress('starting a node')
  const node = await createNode({
    ...(ephemeral ? {} : { store: home }),
    ...(bytes === undefined ? {} : { planet: bytes }),
    link: udpLink({ port: udpPort, ...(udpAddress === undefined ? {} : { address: udpAddress }) }),
    signal,
  })
  out.progress('')
  out.detail(`node ${node.id}, with ${ephemeral ? 'an identity of this run' : `the identity of ${home}`}`)
  return { node, own: true, [Symbol.asyncDispose]: () => node.close() }
}

/**
 * That node as a member of a network. Waits until it has an address there, and tells whoever watches what it waits for.
 * A network that the node had not joined is left with the command, if the node is the service's.
 */
export const openNetwork = async (
  call: Call<NodeChoice>,
  nwid: string,
  join: JoinOptions = {},
): Promise<OpenNetwork> => {
  const { out, options, io } = call
  const opened = await openNode(call)
  const { node } = opened
  const told = new Set<string>()
  const watching = node.networks$.subscribe((networks) => {
    const status = [...networks].find(([id]) => id === nwid)?.[1].status
    if (status === undefined || status === 'ready') return
    out.progress(`network ${nwid}: ${status}`)
    if (status !== 'denied' || told.has(status)) return
    told.add(status)
    out.note(`waiting: authorise node ${node.id} on the controller of network ${nwid}`)
  })
  try {
    const { timeout } = options
    const signal = io.interrupted()
    const network = await node.join(nwid, { ...(timeout === undefined ? {} : { timeout }), signal, ...join })
    out.detail(`network ${nwid}: ${network.addresses.map((one) => `${one.address}/${one.bits}`).join(', ')}`)
    return { ...opened, network }
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  } finally {
    watching.unsubscribe()
    out.progress('')
  }
}
