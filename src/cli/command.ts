import type { Io } from './io.ts'
import type { Output } from './output.ts'

/*
 * How a command is written: one file exports its definition as `command`, and a row in `commands.ts` names it. The file
 * is loaded whatever is called, so whatever is heavy (the node, RxJS, the ciphers) is imported by `run` when it is
 * needed: `await import('…')`.
 */

export interface Command<O extends object = object, P extends Operands = Operands> {
  /** Operands as shown in the usage: `<nwid>` has to be given, `[last]` may be, `<file...>` takes all that follow. */
  readonly operands?: readonly Operand[]
  readonly options?: readonly Option[]
  /** What `--help` teaches below the usage; the summary is in `commands.ts`. */
  readonly about?: string
  /** Commands to copy, with what they do. */
  readonly examples?: readonly (readonly [line: string, does: string])[]
  /** Resolves with the exit code, 0 if with nothing. */
  run(call: Call<O, P>): Promise<number | undefined>
}

/** A command that consists of others, like `idtool`. */
export interface CommandGroup {
  readonly about?: string
  readonly commands: Readonly<Record<string, Subcommand>>
}
export interface Subcommand extends Command {
  /** One line, without a full stop. */
  readonly summary: string
}

export interface Operand {
  readonly name: string
  readonly text: string
  /** Makes the value of the text, or ends the command with `misuse()`, before anything is asked of a service. */
  readonly parse?: (text: string) => string
  /** What a shell completes there; nothing by itself. */
  readonly offers?: Offer
}
/** What stands where a value does: names in the file system, or one of few words. */
export type Offer = 'files' | 'directories' | readonly string[]

export interface Option {
  /** `-w, --write <file>` or `--udp`; its value is under the long name in camel case. */
  readonly flags: string
  readonly text: string
  /** Makes the value of the text, or ends the command with `misuse()`. */
  readonly parse?: (text: string) => unknown
  readonly choices?: readonly string[]
  /** The option may be given several times; its value is the list of all. */
  readonly repeated?: boolean
  /** Value if the option is not given. */
  readonly default?: unknown
}

/** What every command can be told. */
export interface CommonOptions {
  /** The home directory: identity, networks, token of the service. */
  readonly home: string
  readonly json: boolean
  readonly verbose: boolean
}

/** One call of a command. */
export interface Call<O extends object = object, P extends Operands = Operands> {
  /** What was given, in order; those left out are `undefined`. */
  readonly operands: P
  readonly options: CommonOptions & O
  readonly io: Io
  readonly out: Output
}

export type Operands = readonly (string | readonly string[] | undefined)[]

/** Types a definition: `O` is what its options give, `P` what its operands are. */
export const defineCommand = <O extends object = object, P extends Operands = readonly []>(
  command: Command<O, P>,
): Command => command

/** The same for a command of a group. */
export const defineSubcommand = <O extends object = object, P extends Operands = readonly []>(
  command: Command<O, P> & Pick<Subcommand, 'summary'>,
): Subcommand => command
