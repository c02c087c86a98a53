import type { Endpoint } from '../datagram.ts'
import { packetIdHigh } from '../packet/header.ts'
import { sameEndpoint } from './endpoint.ts'

/**
 * Where contacts were sent, by the upper half of the wire packet ID. An answer shows that its path works both ways only if
 * the question went there: one that was recorded, or is passed on by somebody else, may come from anywhere.
 */
export type Contacted = Map<number, Endpoint>

/** Notes a contact that has just been sealed. The oldest gives way: its answer is then asked for once more. */
export const noteContact = (contacted: Contacted, packet: Uint8Array, to: Endpoint): void => {
  const id = packetIdHigh(packet)
  contacted.delete(id) // behind the others: the map's order is that of age
  contacted.set(id, to)
  if (contacted.size <= MOST_CONTACTED) return
  for (const oldest of contacted.keys()) {
    contacted.delete(oldest)
    break
  }
}

/** Whether the packet of this ID was a contact that went to this endpoint. */
export const wasSentTo = (contacted: Contacted, id: number, endpoint: Endpoint): boolean => {
  const there = contacted.get(id)
  return there !== undefined && sameEndpoint(there, endpoint)
}

/** Contacts remembered. */
export const MOST_CONTACTED = 1_024
