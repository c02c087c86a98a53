/**
 * A member of ZeroTier networks: nodes, networks, sockets.
 * @module rxzt
 */
import { type CreateNode, createNodeOn } from './api/create-node.ts'
import { generateIdentityOn, validateIdentityOn } from './api/identity-functions.ts'
import { nodePlatform } from './api/platform-node.ts'

export * from './api/surface.ts'
export const createNode: CreateNode = createNodeOn(nodePlatform)
export const generateIdentity = generateIdentityOn(nodePlatform)
export const validateIdentity = validateIdentityOn(nodePlatform)
