/**
 * Networks in virtual time, for tests.
 * @module rxzt/testing
 */
import { nodePlatform } from './api/platform-node.ts'
import { virtualNetWith } from './api/virtual-net.ts'

export * from './api/testing-surface.ts'
export const virtualNet = virtualNetWith(nodePlatform.crypto)
