import type { Endpoint } from '../../protocol/datagram.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import type { Millis } from '../../protocol/kernel/machine.ts'

/**
 * How a router hides hosts, by what it lets back in (RFC 3489 names): anything; addresses the host has sent to; address
 * and port pairs; the same, and another public port for each destination.
 */
export type NatKind = 'full-cone' | 'restricted' | 'port-restricted' | 'symmetric'

interface Mapping {
  readonly key: string
  readonly inside: Endpoint
  readonly port: number
  /** Whom the host has sent to through it, and when last. */
  readonly permitted: Map<string, Millis>
  usedAt: Millis
}

/** A router's table. Mutable: `outbound` and `inbound` keep mappings alive. */
export interface Nat {
  readonly kind: NatKind
  /** Its public address. */
  readonly address: IpAddress
  /** ms without traffic from inside after which a mapping is gone. */
  readonly timeout: Millis
  readonly byKey: Map<string, Mapping>
  readonly byPort: Map<number, Mapping>
  nextPort: number
}

export const nat = (kind: NatKind, address: IpAddress, timeout: Millis): Nat => ({
  kind,
  address,
  timeout,
  byKey: new Map(),
  byPort: new Map(),
  nextPort: FIRST_PORT,
})

/** The public endpoint by which a datagram from inside leaves. */
export const outbound = (n: Nat, inside: Endpoint, to: Endpoint, now: Millis): Endpoint => {
  const key = n.kind === 'symmetric' ? `${print(inside)} ${print(to)}` : print(inside)
  const known = n.byKey.get(key)
  const mapping = known !== undefined && isAlive(n, known, now) ? known : open(n, key, inside, known, now)
  mapping.usedAt = now
  mapping.permitted.set(permission(n.kind, to), now)
  return { address: n.address, port: mapping.port }
}

/** The host a datagram from outside is for, if the router lets it in. */
export const inbound = (n: Nat, port: number, from: Endpoint, now: Millis): Endpoint | undefined => {
  const mapping = n.byPort.get(port)
  if (mapping === undefined || !isAlive(n, mapping, now)) return undefined
  if (n.kind === 'full-cone') return mapping.inside
  const since = mapping.permitted.get(permission(n.kind, from))
  return since !== undefined && now - since <= n.timeout ? mapping.inside : undefined
}

/** Every mapping is lost, as when a router restarts. */
export const forgetMappings = (n: Nat): void => {
  n.byKey.clear()
  n.byPort.clear()
}

const open = (n: Nat, key: string, inside: Endpoint, old: Mapping | undefined, now: Millis): Mapping => {
  if (old !== undefined) n.byPort.delete(old.port)
  const mapping = { key, inside, port: n.nextPort, permitted: new Map<string, Millis>(), usedAt: now }
  n.nextPort = n.nextPort >= LAST_PORT ? FIRST_PORT : n.nextPort + 1
  const displaced = n.byPort.get(mapping.port)
  if (displaced !== undefined) n.byKey.delete(displaced.key)
  n.byKey.set(key, mapping)
  n.byPort.set(mapping.port, mapping)
  return mapping
}

const isAlive = (n: Nat, mapping: Mapping, now: Millis): boolean => now - mapping.usedAt <= n.timeout
const permission = (kind: NatKind, remote: Endpoint): string => (kind === 'restricted' ? remote.address : print(remote))
const print = ({ address, port }: Endpoint): string => `${address} ${port}`

const FIRST_PORT = 40_000
const LAST_PORT = 59_999
