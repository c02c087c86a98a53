import { defineCommand } from '../command.ts'
import { misuse } from '../failure.ts'

export const command = defineCommand<object, [shell: string]>({
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
    const script = make()
    out.result({ shell, script }, script)
    return undefined
  },
})
