import type { Address } from '../protocol/kernel/id.ts'
import { parseIp } from '../protocol/kernel/ip.ts'
import type { RunningNetwork } from './network.ts'

/** What the networks of a node mean to VL1: which addresses are virtual, and whom it is to keep in contact with. */
export const managedBy = (
  networks: Iterable<RunningNetwork>,
  self: Address,
): {
  readonly prefixes: readonly { readonly address: Uint8Array; readonly bits: number }[]
  readonly peers: readonly Address[]
} => {
  const prefixes: { readonly address: Uint8Array; readonly bits: number }[] = []
  const peers = new Set<Address>()
  for (const { config } of networks) {
    for (const { address, bits } of config?.staticIps ?? []) {
      const bytes = parseIp(address)
      if (bytes !== undefined) prefixes.push({ address: bytes, bits })
    }
    for (const one of config?.specialists ?? [])
      if ((one.anchor || one.multicastReplicator) && one.address !== self) peers.add(one.address)
  }
  return { prefixes, peers: [...peers] }
}
