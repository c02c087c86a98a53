import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JoinOptions, Network, ZtNode } from '../index.node.ts'
import type { Call } from './command.ts'
import { ask } from './control/ask.ts'
import { fail, failureOf, misuse } from './failure.ts'
import { isSystemError, readPlanet } from './file.ts'
import type { NameChoice, NodeChoice } from './node-options.ts'
import { roomyHeap } from './roomy-heap.ts'

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
export const openNode = async (call: Call<NodeChoice>): Promise<OpenNode> => {
  roomyHeap()
  return (call.options.ephemeral === true ? undefined : await serviceNode(call)) ?? ownNode(call)
}

/** The node of the service on the home directory, if one runs there. */
const serviceNode = async ({ options, io, out }: Call<NodeChoice>): Promise<OpenNode | undefined> => {
  const { home, planet, udpPort, udpAddress } = options
  const path = join(home, 'authtoken.secret')
  const token = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (!isSystemError(cause) || ABSENT.has(cause.code)) return undefined
    return fail(`${path} cannot be read (${cause.code})`, 'run as the user of the service, or add --ephemeral', {
      cause,
    })
  })
  if (token === undefined) return undefined
  const { attachedNode } = await import('./service/attached-node.ts')
  const node = await attachedNode(home, token.trim(), io.version(), io.interrupted())
  if (node === undefined) return (await isNativeService(home, token.trim())) ? native(home) : undefined
  if (planet !== undefined || udpPort !== undefined || udpAddress !== undefined) {
    await node.close()
    misuse(
      `a service runs on ${home}, and has its planet and ports already`,
      'leave those options out, or add --ephemeral',
    )
  }
  out.detail(`node ${node.id} of the service on ${home}`)
  return { node, own: false, [Symbol.asyncDispose]: () => node.close() }
}

/** A second node with the identity of one that runs would take its packets. */
const isNativeService = async (home: string, token: string): Promise<boolean> => {
  const port = Number(await readFile(join(home, 'zerotier-one.port'), 'utf8').catch(() => ''))
  if (!Number.isInteger(port) || port <= 0) return false
  const { status } = await ask(port, token, 'GET', '/status', undefined).catch(() => ({ status: 0 }))
  return status === 200
}
const native = (home: string): never =>
  fail(
    `the service on ${home} is not \`rxzt up\`: commands cannot use its node`,
    'add --ephemeral, or name a home directory of rxzt with -D',
  )

const ownNode = async ({ options, io, out }: Call<NodeChoice>): Promise<OpenNode> => {
  const { ephemeral = false, planet, udpPort = 0, udpAddress, home } = options
  const bytes = planet === undefined ? undefined : await readPlanet(planet)
  const [{ createNode }, { udpLink }, { createController }] = await Promise.all([
    import('../index.node.ts'),
    import('../node.ts'),
    import('../controller.node.ts'),
  ])
  const signal = io.interrupted()
  out.progress('starting a node')
  const node = await createNode({
    ...(ephemeral ? {} : { store: home }),
    ...(bytes === undefined ? {} : { planet: bytes }),
    link: udpLink({ port: udpPort, ...(udpAddress === undefined ? {} : { address: udpAddress }) }),
    signal,
  })
  // the networks that it hosts are nowhere else
  if (!ephemeral) createController(node)
  out.progress('')
  out.detail(`node ${node.id}, with ${ephemeral ? 'an identity of this run' : `the identity of ${home}`}`)
  return { node, own: true, [Symbol.asyncDispose]: () => node.close() }
}

/**
 * That node as a member of a network, which it joins if it has not yet. Waits until it has an address there, and tells
 * whoever watches what it waits for.
 */
export const openNetwork = async (
  call: Call<NodeChoice & NameChoice>,
  nwid: string,
  wanted: JoinOptions = {},
): Promise<OpenNetwork> => {
  const { out, options, io } = call
  const opened = await openNode(call)
  const { node } = opened
  const isNew = node.network(nwid) === undefined
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
    const network = await node.join(nwid, { ...(timeout === undefined ? {} : { timeout }), signal, ...wanted })
    out.detail(`network ${nwid}: ${network.addresses.map((one) => `${one.address}/${one.bits}`).join(', ')}`)
    const { dns } = options
    if (dns === undefined) return { ...opened, network }
    const { withNameServers } = await import('./named-network.ts')
    return { ...opened, network: withNameServers(network, dns) }
  } catch (error) {
    // what did not come about leaves nothing behind
    if (isNew)
      await node
        .network(nwid)
        ?.leave()
        .catch(() => undefined)
    await opened[Symbol.asyncDispose]()
    const { message, cure } = failureOf(error)
    if (message.endsWith('ETIMEDOUT')) fail(`network ${nwid} was not ready in time`, cure, { cause: error })
    throw error
  } finally {
    watching.unsubscribe()
    out.progress('')
  }
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR'])
