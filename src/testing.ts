import { portablePlatform } from './api/platform-portable.ts'
import { recordWith, replayWith } from './api/recording.ts'
import { virtualNetWith } from './api/virtual-net.ts'

export * from './api/testing-surface.ts'
export const virtualNet = virtualNetWith(portablePlatform.crypto)
/** Plays a scenario in a virtual network and records its wire; see `Recording`. */
export const record = recordWith(virtualNet)
/** Plays a scenario again as it was recorded; rejects where the wire differs. */
export const replay = replayWith(virtualNet)
