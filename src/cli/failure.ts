/**
 * What a command ends with when it cannot do what was asked: one line says why, one what to do about it.
 * `code` is the exit code: 2 for what was written wrong on the command line, 1 for everything else.
 */
export class CommandFailure extends Error {
  readonly cure: string
  readonly code: 1 | 2

  constructor(cause: string, cure: string, code: 1 | 2, options?: ErrorOptions) {
    super(cause, options)
    this.name = 'CommandFailure'
    this.cure = cure
    this.code = code
  }
}

/** Ends the command: something failed. */
export const fail = (cause: string, cure: string, options?: ErrorOptions): never => {
  throw new CommandFailure(cause, cure, 1, options)
}

/** Ends the command: it was called wrongly. */
export const misuse = (cause: string, cure: string): never => {
  throw new CommandFailure(cause, cure, 2)
}

/** Any error as a failure. Those of the library say cause and cure themselves, with a dash between them. */
export const failureOf = (error: unknown): CommandFailure => {
  if (error instanceof CommandFailure) return error
  if (!(error instanceof Error)) return new CommandFailure(String(error), REPORT, 1)
  if (error.name === 'AbortError' || error.message.startsWith(INTERRUPTED))
    return new CommandFailure(
      error.message.startsWith(INTERRUPTED) ? error.message : INTERRUPTED,
      'what was asked of a service goes on there; run it again to go on here',
      1,
      { cause: error },
    )
  const [cause = '', ...cure] = error.message.split(' — ')
  const code = error.name === 'ArgumentError' ? 2 : 1
  if (cure.length > 0) return new CommandFailure(cause, cure.join(' — '), code, { cause: error })
  const system = 'code' in error && typeof error.code === 'string'
  return new CommandFailure(error.message, system ? 'see the reason in brackets, or run again with -v' : REPORT, code, {
    cause: error,
  })
}

/** How the reason of an interruption begins. */
export const INTERRUPTED = 'interrupted'
const REPORT = 'please report it, with what the command prints when run with -v'
