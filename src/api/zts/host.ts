import type { Link } from '../../streams/link.ts'
import type { Platform } from '../platform.ts'

/** What an instance takes from where it runs. */
export interface ZtsHost {
  readonly platform: Platform
  /** A UDP link as `zts_init_*` describes it; absent where the host has no UDP. */
  readonly udpLink?: (settings: UdpSettings) => Link
}

/** What `zts_init_*` says of UDP. */
export interface UdpSettings {
  /** 0 is a random one of the range. */
  readonly port: number
  readonly portRange?: readonly [number, number]
  readonly secondary: boolean
  readonly portMapping: boolean
  /** Whether an interface of this name may be used. */
  readonly interfaces: (name: string) => boolean
}
