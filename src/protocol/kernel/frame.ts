import type { Mac } from './id.ts'

/**
 * An Ethernet frame as a value: the header in numbers, the payload as a view.
 *
 * `FRAME_HEADROOM` bytes in front of an *outgoing* payload (in the same ArrayBuffer) belong to it as well: lower layers
 * write their headers there instead of copying the payload. An incoming payload may be kept.
 */
export interface Frame {
  readonly to: Mac
  readonly from: Mac
  readonly etherType: number
  readonly payload: Uint8Array
}
export const FRAME_HEADROOM = 64

/** A multicast group of an Ethernet segment. */
export interface MulticastGroup {
  readonly mac: Mac
  /** Additional distinguishing information: the IPv4 address that an ARP request asks for, as a number, else 0. */
  readonly adi: number
}
