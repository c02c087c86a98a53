import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { CommandRow } from './commands.ts'
import { CommandFailure, failureOf } from './failure.ts'
import type { Io } from './io.ts'
import { Output } from './output.ts'

/** Runs one command line and resolves with the exit code: 0 done, 1 failed, 2 called wrongly. Never rejects. */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    io.stdout.write(`${io.version()}\n`)
    return 0
  }
  const common = (options: Readonly<Record<string, unknown>>) => ({
    home: resolve(String(options['home'] ?? defaultHome(io))),
    json: options['json'] === true || hasFlag(argv, 'j', '--json'),
    verbose: options['verbose'] === true || hasFlag(argv, 'v', '--verbose'),
    color: colorIn(argv),
  })
  try {
    const [{ CommanderError }, { commands }, { programFor }] = await Promise.all([
      import('./framework.ts'),
      import('./commands.ts'),
      import('./program.ts'),
    ])
    const { commander, code } = await programFor(calledIn(argv, commands), io, common)
    try {
      await commander.parseAsync([...argv], { from: 'user' })
      return code()
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      if (error.exitCode === 0) return 0
      // a call without a command was answered with the help
      if (error.code === 'commander.help') return 2
      throw usageFailure(error.message, argv)
    }
  } catch (error) {
    const failure = failureOf(error)
    new Output(io, common({})).failure(failure)
    return failure.code
  }
}

/** The command that is called or asked about: the first word that is none of the common options or their values. */
const calledIn = (argv: readonly string[], commands: readonly CommandRow[]): CommandRow | undefined => {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    if (WITH_VALUE.has(word)) i++
    else if (!word.startsWith('-') && word !== 'help')
      return commands.find(({ name, aliases }) => name === word || aliases?.includes(word) === true)
  }
  return undefined
}

/** What the framework found wrong, in our two lines. It knows names that are near to what was written. */
const usageFailure = (message: string, argv: readonly string[]): CommandFailure => {
  const [what = '', near] = message.replace(/^error: /, '').split('\n')
  const [, name] = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(near ?? '') ?? []
  const command = argv.find((word) => !word.startsWith('-'))
  const known = what.startsWith('unknown command') || command === undefined ? '' : ` ${command}`
  const help = `\`rxzt${known} --help\` tells how it is used`
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

const WITH_VALUE = new Set(['-D', '--home', '--color'])
