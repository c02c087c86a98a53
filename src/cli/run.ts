import type { Io } from './io.ts'

/**
 * Runs one command line and resolves with the exit code: 0 done, 1 failed, 2 called wrongly. Never rejects. To tell the
 * version, no command is loaded.
 */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    io.stdout.write(`${io.version()}\n`)
    return 0
  }
  const { execute } = await import('./execute.ts')
  return execute(argv, io)
}
