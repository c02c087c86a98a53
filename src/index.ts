import { type CreateNode, createNodeOn } from './api/create-node.ts'
import { generateIdentityOn, validateIdentityOn } from './api/identity-functions.ts'
import { portablePlatform } from './api/platform-portable.ts'

export * from './api/surface.ts'
export const createNode: CreateNode = createNodeOn(portablePlatform)
export const generateIdentity = generateIdentityOn(portablePlatform)
export const validateIdentity = validateIdentityOn(portablePlatform)
