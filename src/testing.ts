import { portablePlatform } from './api/platform-portable.ts'
import { virtualNetWith } from './api/virtual-net.ts'

export * from './api/testing-surface.ts'
export const virtualNet = virtualNetWith(portablePlatform.crypto)
