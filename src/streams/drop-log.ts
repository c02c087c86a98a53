import { Subject } from 'rxjs'
import type { Endpoint } from '../protocol/datagram.ts'
import type { Address, NetworkId as NetworkBits } from '../protocol/kernel/id.ts'
import type { DropReason } from '../protocol/vl1-io.ts'
import type { FrameDropReason } from '../protocol/vl2-io.ts'
import type { StackDropReason } from '../tcpip/stack-io.ts'
import { Counters } from './counters.ts'
import { type NetworkId, type NodeId, publicNetworkId, publicNodeId } from './public-id.ts'

/** A packet or frame that went no further. Nothing else came of it. */
export interface Drop {
  readonly at: number
  readonly layer: 'vl1' | 'vl2' | 'stack'
  readonly reason: DropReason | FrameDropReason | StackDropReason
  /** Where it came from, or was going to. */
  readonly from?: Endpoint
  readonly peer?: NodeId
  readonly network?: NetworkId
}

interface Dropped extends Pick<Drop, 'layer' | 'reason'> {
  readonly from?: Endpoint | undefined
  readonly peer?: Address | undefined
  readonly network?: NetworkBits | undefined
}

/** Counts every drop by layer and reason, and makes a record of it only while somebody looks. */
export class DropLog {
  readonly counters = new Counters()
  readonly drop$ = new Subject<Drop>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  add({ layer, reason, from, peer, network }: Dropped): void {
    this.counters.add(`${layer}/${reason}`)
    if (!this.drop$.observed) return
    this.drop$.next({
      at: this.#now(),
      layer,
      reason,
      ...(from === undefined ? {} : { from }),
      ...(peer === undefined ? {} : { peer: publicNodeId(peer) }),
      ...(network === undefined ? {} : { network: publicNetworkId(network) }),
    })
  }
}
