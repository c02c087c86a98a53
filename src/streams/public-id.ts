import type { Address, Mac as MacNumber, NetworkId as NetworkBits } from '../protocol/kernel/id.ts'
import { printAddress, printMac, printNetworkId } from '../protocol/kernel/id.ts'

/**
 * Identifiers as users meet them: text of fixed length, lower-case hex, branded so that one is never taken for another.
 * They are never a JS `number`, which cannot hold 64 bits.
 */
export type NodeId = string & { readonly __brand: 'NodeId' }
export type NetworkId = string & { readonly __brand: 'NetworkId' }
export type WorldId = string & { readonly __brand: 'WorldId' }
export type Mac = string & { readonly __brand: 'Mac' }

export const publicNodeId = (value: Address): NodeId => printAddress(value) as NodeId
export const publicNetworkId = (value: NetworkBits): NetworkId => printNetworkId(value) as NetworkId
export const publicMac = (value: MacNumber): Mac => printMac(value) as Mac
export const publicWorldId = (value: bigint): WorldId => value.toString(16).padStart(16, '0') as WorldId
