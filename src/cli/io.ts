import type { Readable, Writable } from 'node:stream'

/** A stream that may be a terminal. */
export type Screen = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** All that a command touches of the process it runs in; tests give their own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Screen
  readonly stderr: Screen
  readonly env: Readonly<Record<string, string | undefined>>
  /** The version of this package. */
  version(): string
  /**
   * Aborts when the user or the system wants the command to end (SIGINT, SIGTERM). From the first call on the command
   * has to listen: without one the process ends at once, as processes do.
   */
  interrupted(): AbortSignal
}
