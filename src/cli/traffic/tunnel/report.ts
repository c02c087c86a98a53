import type { Place } from './host-listener.ts'

/** What a service tells of while it runs; nothing that a client could not cause a thousand times. */
export type ServiceEvent =
  | { readonly event: 'connect-failed'; readonly to: Place; readonly cause: string }
  | { readonly event: 'refused'; readonly cause: string }
export type Report = (event: ServiceEvent) => void
