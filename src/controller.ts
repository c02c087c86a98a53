import { controllerFunctions } from './api/controller-functions.ts'
import { createNodeOn } from './api/create-node.ts'
import { portablePlatform } from './api/platform-portable.ts'

export {
  type AuthorizeOptions,
  type Controller,
  type ControllerNetwork,
  createController,
  type JoinRequest,
  type Member,
  type NetworkConfigInput,
} from './api/controller.ts'
export type { RuleJson } from './api/controller-view.ts'
export type { MoonSpec, PlanetSpec, RootSpec, SigningKey } from './api/planet.ts'

export const { createMoon, createPlanet, createRoot, createSigningKey, generateIdentity } = controllerFunctions(
  portablePlatform,
  createNodeOn(portablePlatform),
)
