import type { Address, Mac } from '../kernel/id.ts'
import type { Joined } from './joined.ts'
import { isMulticast, isNodeMac } from './mac.ts'

/**
 * Which bridge leads to a MAC that no member has, learned from frames that came that way (§12); this node itself for
 * what is behind it.
 */
export type Routes = Map<Mac, Address>

/** The newest frame decides; beyond `ROUTES` the entry learned first is forgotten. */
export const learnRoute = (routes: Routes, mac: Mac, bridge: Address): void => {
  if (!routes.has(mac) && routes.size >= ROUTES) {
    const oldest = routes.keys().next()
    if (oldest.done !== true) routes.delete(oldest.value)
  }
  routes.set(mac, bridge)
}

/** Begins or ends carrying frames for devices behind this node; with the way to them, what is known of it goes. */
export const setBridging = (net: Joined, self: Address, on: boolean): void => {
  net.bridging = on
  if (!on) for (const [mac, bridge] of net.routes) if (bridge === self) net.routes.delete(mac)
}

/**
 * Whether a device behind a bridge can have this MAC. A frame from a member's own MAC that comes from there has gone
 * round in a circle: it has left the network at this bridge or another one.
 */
export const isBehind = (net: Joined, from: Mac): boolean =>
  from !== 0 && !isMulticast(from) && !isNodeMac(net.macs, from)

/** MACs behind bridges remembered for each network. */
export const ROUTES = 65_536
/** A frame for an unknown MAC goes to so many bridges at most. */
export const BRIDGE_FAN_OUT = 32
