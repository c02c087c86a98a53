/**
 * The C interface of the native SDK, for programs that were written for it.
 * @module rxzt/zts
 */
import { nodePlatform } from './api/platform-node.ts'
import { createZtsOn } from './api/zts/create-zts.ts'
import { udpLink } from './streams/io/udp-link.ts'

export * from './api/zts/surface.ts'
/** Makes an instance of its own: a process may have any number. */
export const createZts = createZtsOn({ platform: nodePlatform, udpLink })
/** The instance of programs that need only one, as with the C library. */
export const zts = createZts()
