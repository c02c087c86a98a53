import type { SchedulerLike } from 'rxjs'
import type { Random } from '../../../protocol/kernel/rng.ts'
import { BoundPorts } from './bound-ports.ts'
import type { JoinedNetworks } from './joined-networks.ts'

/** What the sockets of an instance stand on. */
export class Ground {
  readonly networks: JoinedNetworks
  readonly clock: SchedulerLike
  readonly random: Random
  readonly tcpPorts = new BoundPorts()
  readonly udpPorts = new BoundPorts()

  constructor(networks: JoinedNetworks, clock: SchedulerLike, random: Random) {
    this.networks = networks
    this.clock = clock
    this.random = random
  }
}
