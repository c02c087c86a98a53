import {
  older,
  type ZtsAddrInfo,
  type ZtsNetInfo,
  type ZtsNetifInfo,
  type ZtsNodeInfo,
  type ZtsPath,
  type ZtsPeerInfo,
  type ZtsRouteInfo,
} from './structures.ts'

interface Fields {
  readonly event_code: number
  readonly node: ZtsNodeInfo | null
  readonly network: ZtsNetInfo | null
  readonly netif: ZtsNetifInfo | null
  readonly route: ZtsRouteInfo | null
  readonly peer: ZtsPeerInfo | null
  readonly addr: ZtsAddrInfo | null
  /** With the STORE events, what is to be kept. */
  readonly cache: Uint8Array | null
  /** Of `cache`. */
  readonly len: number
  /** With the path events; only the oldest header has it. */
  readonly path: ZtsPath | null
  /** With `ZTS_EVENT_NODE_FATAL_ERROR`, what happened and what to do; the C library has nothing like it. */
  readonly error: Error | null
}

/** What a handler is called with. Payloads that an event does not have are null, as the pointers are. */
export interface ZtsEventMessage extends Fields {
  /** `event_code` in older headers. */
  readonly eventCode: number
}

export const message = (event_code: number, payload: Partial<Omit<Fields, 'event_code'>> = {}): ZtsEventMessage =>
  older({ ...nothing, ...payload, event_code }, { eventCode: 'event_code' })

const nothing: Omit<Fields, 'event_code'> = {
  ...{ node: null, network: null, netif: null, route: null, peer: null, addr: null },
  ...{ cache: null, len: 0, path: null, error: null },
}

/** Something to keep: `cache` is what the store would be given. */
export const storeMessage = (event_code: number, cache: Uint8Array): ZtsEventMessage =>
  message(event_code, { cache, len: cache.length })
