import type { Identity } from '../crypto/identity.ts'
import type { Via } from '../datagram.ts'
import type { Address } from '../kernel/id.ts'
import { packetIdOf } from '../packet/header.ts'
import type { Message } from '../vl1-io.ts'

/** A message whose packet ID is read from the packet when asked for: most verbs need none, and a bigint costs. */
export class ReceivedMessage implements Message {
  readonly source: Address
  readonly identity: Identity
  readonly verb: number
  readonly payload: Uint8Array
  readonly hops: number
  readonly via: Via
  private readonly packet: Uint8Array

  constructor(identity: Identity, verb: number, payload: Uint8Array, hops: number, via: Via, packet: Uint8Array) {
    this.source = identity.address
    this.identity = identity
    this.verb = verb
    this.payload = payload
    this.hops = hops
    this.via = via
    this.packet = packet
  }

  get packetId(): bigint {
    return packetIdOf(this.packet)
  }
}
