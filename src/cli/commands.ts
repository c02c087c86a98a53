import type { Command, CommandGroup } from './command.ts'

/** A command before its file is loaded. */
export interface CommandRow {
  readonly name: string
  readonly aliases?: readonly string[]
  /** One line, without a full stop. */
  readonly summary: string
  /** Under which heading `rxzt --help` lists it. */
  readonly group: 'Service' | 'Networks' | 'Traffic' | 'Roles' | 'Help'
  load(): Promise<{ readonly command: Command | CommandGroup }>
}

/** Every command, in the order in which help lists them. */
export const commands: readonly CommandRow[] = [
  {
    name: 'completion',
    summary: 'print what completes this command line in bash or zsh',
    group: 'Help',
    load: () => import('./tool/completion.ts'),
  },
]
