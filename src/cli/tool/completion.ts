import { type Command, defineCommand } from '../command.ts'
import type { CommandRow } from '../commands.ts'
import { commonOptions } from '../common-options.ts'
import { misuse } from '../failure.ts'

/** The command that knows all commands, itself too. */
export const completionOf = (commands: () => readonly CommandRow[]): Command =>
  defineCommand<object, [shell: string]>({
    operands: [{ name: '<shell>', text: 'bash or zsh', offers: ['bash', 'zsh'] }],
    about: `Prints a script that completes commands, their options and the values that these can have. Networks and members are not
looked up: it stays fast, and works where no service runs.`,
    examples: [
      ['source <(rxzt completion bash)', 'in ~/.bashrc'],
      ['rxzt completion zsh > ~/.zfunc/_rxzt', 'with ~/.zfunc in fpath, before compinit'],
      ['source <(rxzt completion zsh)', 'or in ~/.zshrc, after compinit'],
    ],
    async run({ operands: [shell], out }) {
      const { scripts } = await import('./completion-script.ts')
      const make = scripts.get(shell)
      if (make === undefined) return misuse(`there is no completion for "${shell}"`, 'use bash or zsh')
      const script = make(commands(), commonOptions)
      out.result({ shell, script }, script)
      return undefined
    },
  })
