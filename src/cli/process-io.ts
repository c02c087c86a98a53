import { readFileSync } from 'node:fs'
import { INTERRUPTED } from './failure.ts'
import type { Io } from './io.ts'

/** This process as commands see it. `manifest` is the package.json of this package. */
export const processIo = (manifest: URL): Io => {
  // the reader went away, as in `rxzt peers | head -1`: there is nobody left to tell anything
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  let interrupted: AbortSignal | undefined
  return {
    // for those alone that read it: to look at it is to open it
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    version: () => {
      const { version }: { readonly version: string } = JSON.parse(readFileSync(manifest, 'utf8'))
      return version
    },
    interrupted: () => {
      interrupted ??= onSignals()
      return interrupted
    },
  }
}

/** The first signal asks, the second does not. */
const onSignals = (): AbortSignal => {
  const ending = new AbortController()
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(code)
      ending.abort(new Error(`${INTERRUPTED} by ${signal}`))
    })
  return ending.signal
}
