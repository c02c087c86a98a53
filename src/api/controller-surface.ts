/** What `rxzt/controller` exports on every host; the entry points add what needs a crypto provider. */
export {
  type AuthorizeOptions,
  type Controller,
  type ControllerNetwork,
  createController,
  type JoinRequest,
  type Member,
  type MemberInput,
  type NetworkConfigInput,
  type RemoteTrace,
} from './controller.ts'
export type { RuleJson } from './controller-view.ts'
export type { MoonSpec, PlanetSpec, RootSpec, SigningKey } from './planet.ts'
