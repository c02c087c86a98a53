import type { CommandGroup } from '../command.ts'
import { auth, deauth } from './authorize.ts'
import { create, remove, set } from './change.ts'
import { list, members } from './list.ts'

export const command: CommandGroup = {
  about: `Networks whose IDs begin with the address of the node are its own: \`rxzt up\` and native services host them. These commands
speak with the service on the home directory, as scripts for native controllers do.`,
  commands: { create, list, members, auth, deauth, set, delete: remove },
}
