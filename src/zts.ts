import { portablePlatform } from './api/platform-portable.ts'
import { createZtsOn } from './api/zts/create-zts.ts'

export * from './api/zts/surface.ts'
/** Makes an instance of its own: a process may have any number. */
export const createZts = createZtsOn({ platform: portablePlatform })
/** The instance of programs that need only one, as with the C library. */
export const zts = createZts()
