import type { IpAddress } from '../../../protocol/kernel/ip.ts'
import type { Random } from '../../../protocol/kernel/rng.ts'
import type { NetworkCore } from '../../../streams/network-core.ts'
import { FIRST_EPHEMERAL, LAST_EPHEMERAL } from '../../../tcpip/port.ts'

/** A port that a descriptor has, on one address or on all. */
export interface Claim {
  readonly port: number
  /** `undefined`: every address of the families. */
  readonly address: IpAddress | undefined
  readonly families: 4 | 6 | 'both'
  /** `SO_BINDTODEVICE`. */
  readonly device: NetworkCore | undefined
  /** Whether others who say the same may have it too. */
  readonly shared: boolean
  /** Whoever listens shares with nobody who comes later. */
  listening: boolean
}

/** The ports of one protocol that are bound, over all networks: to a program they are one host. */
export class BoundPorts {
  readonly #claims = new Map<number, Claim[]>()

  isFree(claim: Claim): boolean {
    return !(this.#claims.get(claim.port) ?? []).some((other) => other !== claim && isConflict(other, claim))
  }

  add(claim: Claim): void {
    this.#claims.set(claim.port, [...(this.#claims.get(claim.port) ?? []), claim])
  }

  remove(claim: Claim): void {
    const left = (this.#claims.get(claim.port) ?? []).filter((one) => one !== claim)
    if (left.length === 0) this.#claims.delete(claim.port)
    else this.#claims.set(claim.port, left)
  }

  /** Ports that nobody has, from a random one on. */
  *ephemeral(random: Random): Generator<number, void, undefined> {
    const [high, low] = random(2)
    const start = (high! << 8) | low!
    for (let i = 0; i < PORTS; i++) {
      const port = FIRST_EPHEMERAL + ((start + i) % PORTS)
      if (!this.#claims.has(port)) yield port
    }
  }
}

/** Whether `a`, which is there, keeps `b` out. */
const isConflict = (a: Claim, b: Claim): boolean => {
  if (a.shared && b.shared && !a.listening) return false
  if (a.families !== 'both' && b.families !== 'both' && a.families !== b.families) return false
  if (a.device !== undefined && b.device !== undefined && a.device !== b.device) return false
  return a.address === undefined || b.address === undefined || a.address === b.address
}

const PORTS = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1
