import type { Endpoint } from '../../protocol/datagram.ts'
import type { ZtsEventMessage } from './event-message.ts'

/** What `zts_init_*` gathers for the next start, and only for that: stopping forgets it. */
export interface Settings {
  path?: string
  /** The text of an identity with its secret. */
  identity?: string
  handler?: EventHandler
  /** A signed planet. */
  roots?: Uint8Array
  port: number
  portRange?: readonly [number, number]
  secondaryPort: boolean
  portMapping: boolean
  readonly blacklist: string[]
  lowBandwidth: boolean
  relay?: Endpoint
  allowRelay: boolean
  forceRelay: boolean
  readonly cache: { identity: boolean; networks: boolean; peers: boolean; roots: boolean }
}

/** `zts_init_set_event_handler`; the older calls give theirs to `zts_start`. */
export type EventHandler = (message: ZtsEventMessage) => void

export const freshSettings = (): Settings => ({
  port: 0,
  secondaryPort: true,
  portMapping: true,
  blacklist: [],
  lowBandwidth: false,
  allowRelay: true,
  forceRelay: false,
  cache: { identity: true, networks: true, peers: true, roots: true },
})
