import type { Subscription } from 'rxjs'
import type { Network } from '../../src/index.node.ts'

/** What of a TCP segment tells connections and writes apart. */
export interface SeenSegment {
  readonly fromPort: number
  readonly toPort: number
  readonly isSyn: boolean
  readonly isAck: boolean
  readonly bytes: number
}

/** The TCP segments over IPv4 that leave a network, read from its tap. */
export const watchSegments = (network: Network): { readonly seen: SeenSegment[]; readonly watching: Subscription } => {
  const seen: SeenSegment[] = []
  const watching = network.frames$.subscribe(({ dir, etherType, payload: ip }) => {
    if (dir !== 'out' || etherType !== 0x0800 || ip[9] !== 6) return
    const tcp = ip.subarray((ip[0]! & 15) * 4, (ip[2]! << 8) | ip[3]!)
    seen.push({
      fromPort: (tcp[0]! << 8) | tcp[1]!,
      toPort: (tcp[2]! << 8) | tcp[3]!,
      isSyn: (tcp[13]! & 2) !== 0,
      isAck: (tcp[13]! & 16) !== 0,
      bytes: tcp.length - (tcp[12]! >>> 4) * 4,
    })
  })
  return { seen, watching }
}

/** How many connections were opened to a port. */
export const connectionsTo = (port: number, seen: readonly SeenSegment[]): number =>
  seen.filter((segment) => segment.isSyn && !segment.isAck && segment.toPort === port).length
