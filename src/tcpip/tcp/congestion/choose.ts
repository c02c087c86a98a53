import type { CongestionControl, Controller } from './controller.ts'
import { cubic } from './cubic.ts'
import { reno } from './reno.ts'

/** Every congestion control there is. A row here is what makes one selectable. */
export const congestionControls: { readonly [K in CongestionControl]: () => Controller } = { reno, cubic }
