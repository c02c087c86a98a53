import { type Address, type NetworkId, printAddress, printNetworkId } from '../protocol/kernel/id.ts'
import { isObject, type Json, type JsonObject } from '../protocol/network/loose-json.ts'
import { StoreError } from '../streams/error.ts'
import type { StateStore } from '../streams/store.ts'

/** Where native controllers keep the record of a network, and of a member of it. */
export const recordPath = (network: NetworkId, member?: Address): string => {
  const id = printNetworkId(network)
  return member === undefined ? `network/${id}.json` : `network/${id}/member/${printAddress(member)}.json`
}

/** Every stored network with its members. A file that is no JSON object is an error: to go on would lose a network. */
export const readRecords = async (
  store: StateStore,
): Promise<readonly { readonly network: JsonObject; readonly members: readonly JsonObject[] }[]> => {
  const found = new Map<string, { network: JsonObject | undefined; members: JsonObject[] }>()
  for (const key of await store.list('controller')) {
    const parts = key.kind === 'controller' ? RECORD.exec(key.path) : null
    const bytes = parts === null ? undefined : await store.get(key)
    if (parts === null || bytes === undefined) continue
    const record = parsed(bytes)
    if (record === undefined)
      throw new StoreError('ERR_ZT_STORE_CORRUPT', key, 'is no controller record — restore the file or delete it')
    const [, id, member] = parts
    const entry = found.get(id!) ?? { network: undefined, members: [] }
    found.set(id!, entry)
    if (member === undefined) entry.network = record
    else entry.members.push(record)
  }
  return [...found.values()].flatMap(({ network, members }) => (network === undefined ? [] : [{ network, members }]))
}

const parsed = (bytes: Uint8Array): JsonObject | undefined => {
  try {
    const json: Json = JSON.parse(new TextDecoder().decode(bytes))
    return isObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

const RECORD = /^network\/([0-9a-f]{16})(?:\/member\/([0-9a-f]{10}))?\.json$/
