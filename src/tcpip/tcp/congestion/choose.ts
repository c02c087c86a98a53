import type { CongestionControl } from '../../stack-io.ts'
import { bbr } from './bbr/bbr.ts'
import type { Controller } from './controller.ts'
import { cubic } from './cubic.ts'
import { reno } from './reno.ts'

/** Every congestion control there is. A row here is what makes one selectable. */
export const congestionControls: {
  readonly [K in CongestionControl]: (options: { readonly lossTolerance?: number | undefined }) => Controller
} = {
  reno,
  cubic,
  bbr: ({ lossTolerance }) => bbr(lossTolerance),
}

export const DEFAULT_CONTROL: CongestionControl = 'bbr'
/** Without SACK a round shows one loss at most: nothing to model a path by. */
export const CONTROL_WITHOUT_SACK: CongestionControl = 'cubic'
