import { Command as Commander, Option as CommanderOption } from 'commander'
import type { Call, Command, CommandGroup, Option } from './command.ts'
import { type CommandRow, commands } from './commands.ts'
import { commonOptions } from './common-options.ts'
import type { Io } from './io.ts'
import { Output } from './output.ts'

/** One call of this program. */
export interface Program {
  /** The name of the command that is called, with that of its group before it; empty if there is none. */
  readonly called: readonly string[]
  /** Runs it, and resolves with the exit code. */
  run(): Promise<number>
}

/** The framework set up for one call: for the command that is called alone or, where none is, for the names of all. */
export const programFor = (argv: readonly string[], io: Io, common: CommonReader): Program => {
  const { row: called, path, line } = callIn(argv)
  let code = 0
  const done = (result: number | undefined): void => {
    code = result ?? 0
  }
  const commander = settled(new Commander('rxzt'), io, common)
    .description(flowing(ABOUT))
    .version(io.version(), '-V, --version', 'print the version of this program')
    .addHelpCommand(helpCommand('Help:'))
    .addHelpText('after', AFTER)
  addOptions(commander, commonOptions)
  for (const row of called === undefined ? commands : [called]) {
    const sub = settled(new Commander(row.name), io, common).description(row.summary).helpGroup(`${row.group}:`)
    for (const alias of row.aliases ?? []) sub.alias(alias)
    if (row === called) build(sub, row.command, row.summary, io, common, done)
    commander.addCommand(sub)
  }
  return {
    called: path,
    run: async () => {
      await commander.parseAsync([...line], { from: 'user' })
      return code
    },
  }
}

/** The command that is called or asked about, its name with that of its group before it, and the line as it is parsed. */
const callIn = (
  argv: readonly string[],
): { readonly row: CommandRow | undefined; readonly path: readonly string[]; readonly line: readonly string[] } => {
  const said = argv.filter((word, i) => !word.startsWith('-') && !WITH_VALUE.has(argv[i - 1] ?? ''))
  const asksHelp = said[0] === 'help'
  const [name = '', sub = ''] = asksHelp ? said.slice(1) : said
  const row = commands.find((one) => one.name === name || one.aliases?.includes(name) === true)
  // a command that there is not has no help either
  if (row === undefined) return { row, path: [], line: name === '' ? argv : [name] }
  const path = 'commands' in row.command && Object.hasOwn(row.command.commands, sub) ? [name, sub] : [name]
  return { row, path, line: asksHelp ? [...path, '--help'] : argv }
}

/** What the common options say, wherever on the command line they stood. */
export type CommonReader = (options: Readonly<Record<string, unknown>>) => {
  readonly home: string
  readonly json: boolean
  readonly verbose: boolean
  readonly color: 'auto' | 'always' | 'never'
}

const build = (
  commander: Commander,
  command: Command | CommandGroup,
  summary: string,
  io: Io,
  common: CommonReader,
  done: (code: number | undefined) => void,
): void => {
  commander.description(
    [`${sentence(summary)}`, ...(command.about === undefined ? [] : [flowing(command.about)])].join('\n\n'),
  )
  commander.summary(summary)
  if ('commands' in command) {
    commander.addHelpCommand(helpCommand('Commands:'))
    addOptions(commander, commonOptions)
    for (const [name, one] of Object.entries(command.commands)) {
      const sub = settled(new Commander(name), io, common)
      build(sub, one, one.summary, io, common, done)
      commander.addCommand(sub)
    }
    return
  }
  for (const { name, text, parse } of command.operands ?? []) {
    if (parse === undefined) commander.argument(name, text)
    else commander.argument(name, text, parse)
  }
  addOptions(commander, command.options ?? [])
  addOptions(commander, commonOptions, 'Common options:')
  if (command.examples !== undefined && command.examples.length > 0)
    commander.addHelpText('after', `\nExamples:\n${command.examples.map(exampleText).join('\n')}`)
  commander.action(async (...given: unknown[]) => {
    const operands = given.slice(0, command.operands?.length ?? 0) as Call['operands']
    const { color, ...shared } = common(commander.optsWithGlobals())
    const options = { ...withoutCommon(commander.opts()), ...shared }
    done(await command.run({ operands, options, io, out: new Output(io, { ...shared, color }) }))
  })
}

const addOptions = (commander: Commander, options: readonly Option[], group?: string): void => {
  for (const { flags, text, parse, choices, repeated, default: fallback } of options) {
    const option = new CommanderOption(flags, text)
    if (choices !== undefined) option.choices(choices)
    if (fallback !== undefined) option.default(fallback)
    if (group !== undefined) option.helpGroup(group)
    if (parse !== undefined || repeated === true)
      option.argParser((value: string, before: unknown) => {
        const one = parse === undefined ? value : parse(value)
        return repeated === true ? [...(Array.isArray(before) ? before : []), one] : one
      })
    commander.addOption(option)
  }
}

/** What holds for all of them: errors are thrown, output goes where the caller says, colours as it says. */
const settled = (commander: Commander, io: Io, common: CommonReader): Commander =>
  commander
    .exitOverride()
    .helpOption('-h, --help', 'tell how it is used')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // what is wrong comes as an error, and is said by whoever catches it
      writeErr: (text) => io.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    })
    .configureHelp({
      styleTitle: (text) => new Output(io, common({})).style('bold', text),
      subcommandTerm: (sub) => [sub.name(), ...sub.aliases()].join(', '),
    })

const helpCommand = (group: string): Commander =>
  new Commander('help')
    .argument('[command]')
    .description('tell how a command is used')
    .helpOption(false)
    .helpGroup(group)

const withoutCommon = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !COMMON.has(name)))

/** Lines are broken where the terminal ends; only empty ones stay. */
const flowing = (text: string): string => text.replace(/([^\n])\n(?=[^\n])/g, '$1 ')
const sentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
const exampleText = ([line, does]: readonly [string, string]): string => `  $ ${line}\n      ${does}`

const WITH_VALUE = new Set(['-D', '--home', '--color'])
const COMMON = new Set(['home', 'json', 'verbose', 'color'])

const ABOUT = `A ZeroTier node in user space, and what can be done with one.

\`rxzt up\` runs a node as a service; other commands then use that one. Where none runs on the home directory, those that
carry traffic run a node of their own while they work.`

const AFTER = `
Exit codes: 0 done, 1 failed, 2 called wrongly. \`rxzt help <command>\` tells more, with examples.`
