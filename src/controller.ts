import { controllerFunctions } from './api/controller-functions.ts'
import { createNodeOn } from './api/create-node.ts'
import { portablePlatform } from './api/platform-portable.ts'

export * from './api/controller-surface.ts'
export const { createMoon, createPlanet, createRoot, createSigningKey, generateIdentity } = controllerFunctions(
  portablePlatform,
  createNodeOn(portablePlatform),
)
