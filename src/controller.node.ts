/**
 * Controllers, roots and planets of your own.
 * @module rxzt/controller
 */
import { controllerFunctions } from './api/controller-functions.ts'
import { createNodeOn } from './api/create-node.ts'
import { nodePlatform } from './api/platform-node.ts'

export * from './api/controller-surface.ts'
export const { createMoon, createPlanet, createRoot, createSigningKey, generateIdentity } = controllerFunctions(
  nodePlatform,
  createNodeOn(nodePlatform),
)
