import { encode } from '../protocol/kernel/codec.ts'
import { world } from '../protocol/world/world.ts'
import { ArgumentError, NodeError } from '../streams/error.ts'
import type { CreateNode } from './create-node.ts'
import type { ZtNode } from './node.ts'
import type { NodeOptions } from './node-options.ts'
import { rootsOf } from './planet.ts'

/** Starts a node that a planet names as its root: it relays, introduces nodes to each other and answers WHOIS. */
export const createRootWith =
  (createNode: CreateNode) =>
  async (options: NodeOptions & { readonly planet: NonNullable<NodeOptions['planet']> }): Promise<ZtNode> => {
    if (options?.planet === undefined)
      throw new ArgumentError('ERR_ZT_INVALID_OPTION', 'planet is missing — pass what createPlanet() gave')
    const node = await createNode(options)
    const planet = options.planet instanceof Uint8Array ? options.planet : encode(world, options.planet)
    if (rootsOf(planet).includes(node.id)) return node
    await node.close()
    throw new NodeError(
      'ERR_ZT_PLANET_INVALID',
      `planet does not name ${node.id} as a root — sign one that lists its public identity`,
    )
  }
