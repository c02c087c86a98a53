import type { CreateNode } from './create-node.ts'
import { generateIdentityOn } from './identity-functions.ts'
import { type MoonSpec, newSigningKey, type PlanetSpec, type SigningKey, signedWorld } from './planet.ts'
import type { Platform } from './platform.ts'
import { createRootWith } from './root.ts'

/** The functions of `rxzt/controller` on a host. */
export const controllerFunctions = (platform: Platform, createNode: CreateNode) => ({
  createSigningKey: (): SigningKey => newSigningKey(platform.crypto(), platform.random()),
  /** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, with what is wrong with the facts */
  createPlanet: (spec: PlanetSpec): Uint8Array => signedWorld(platform.crypto(), 'planet', spec),
  /** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, with what is wrong with the facts */
  createMoon: (spec: MoonSpec): Uint8Array => signedWorld(platform.crypto(), 'moon', spec),
  createRoot: createRootWith(createNode),
  generateIdentity: generateIdentityOn(platform),
})
