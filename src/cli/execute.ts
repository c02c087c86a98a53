import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { CommanderError } from 'commander'
import { CommandFailure, failureOf } from './failure.ts'
import type { Io } from './io.ts'
import { Output } from './output.ts'
import { programFor } from './program.ts'

/** Runs a command line by its command, and says what went wrong with it. Resolves with the exit code, never rejects. */
export const execute = async (argv: readonly string[], io: Io): Promise<number> => {
  const common = (options: Readonly<Record<string, unknown>>) => ({
    home: resolve(String(options['home'] ?? defaultHome(io))),
    json: options['json'] === true || hasFlag(argv, 'j', '--json'),
    verbose: options['verbose'] === true || hasFlag(argv, 'v', '--verbose'),
    color: colorIn(argv),
  })
  try {
    const { called, run } = programFor(argv, io, common)
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      if (error.exitCode === 0) return 0
      // a call without a command was answered with the help
      if (error.code === 'commander.help') return 2
      throw usageFailure(error.message, called)
    }
  } catch (error) {
    const failure = failureOf(error)
    new Output(io, common({})).failure(failure)
    return failure.code
  }
}

/** What the framework found wrong, in our two lines. It knows names that are near to what was written. */
const usageFailure = (message: string, called: readonly string[]): CommandFailure => {
  const [what = '', near] = message.replace(/^error: /, '').split('\n')
  const [, name] = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(near ?? '') ?? []
  const help = `\`${['rxzt', ...called].join(' ')} --help\` tells how it is used`
  return new CommandFailure(what, name === undefined ? help : `did you mean ${name}? ${help}`, 2)
}

/** Flags that have to be known before, and although, the rest cannot be understood. */
const hasFlag = (argv: readonly string[], short: string, long: string): boolean => {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.some((word) => word === long || word === `-${short}`)
}

const colorIn = (argv: readonly string[]): 'auto' | 'always' | 'never' => {
  const at = argv.findIndex((word) => word === '--color' || word.startsWith('--color='))
  const when = at < 0 ? undefined : (argv[at]!.split('=')[1] ?? argv[at + 1])
  return when === 'always' || when === 'never' ? when : 'auto'
}

const defaultHome = ({ env }: Io): string => env['RXZT_HOME'] || join(env['HOME'] || homedir(), '.rxzt')
