import type { CommandGroup } from '../command.ts'
import { generate, getpublic, validate } from './idtool-identity.ts'
import { genmoon, initmoon } from './idtool-moon.ts'
import { sign, verify } from './idtool-sign.ts'

export const command: CommandGroup = {
  about: 'What `zerotier-idtool` does, with the same files: either tool reads what the other wrote.',
  commands: { generate, validate, getpublic, sign, verify, initmoon, genmoon },
}
