import type { Address, Mac } from '../kernel/id.ts'

/** Which bridge leads to a MAC that no member has, learned from frames that came that way (§12). */
export type Routes = Map<Mac, Address>

/** The newest frame decides; beyond `ROUTES` the entry learned first is forgotten. */
export const learnRoute = (routes: Routes, mac: Mac, bridge: Address): void => {
  if (!routes.has(mac) && routes.size >= ROUTES) {
    const oldest = routes.keys().next()
    if (oldest.done !== true) routes.delete(oldest.value)
  }
  routes.set(mac, bridge)
}

/** MACs behind bridges remembered for each network. */
export const ROUTES = 65_536
/** A frame for an unknown MAC goes to so many bridges at most. */
export const BRIDGE_FAN_OUT = 32
