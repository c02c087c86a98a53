import { defineCommand } from '../command.ts'

export const command = defineCommand<object, [shell: string]>({
  operands: [{ name: '<shell>', text: 'bash or zsh' }],
  run: async ({ out }) => {
    out.line('')
    return 0
  },
})
