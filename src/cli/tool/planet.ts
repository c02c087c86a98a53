import type { CommandGroup } from '../command.ts'
import { create } from './planet-create.ts'
import { show } from './planet-show.ts'

export const command: CommandGroup = {
  about: `A planet says who the roots of a world of one's own are. Its file goes to every node: as \`planet\` of the home directory, of native
nodes too, or with --planet.`,
  commands: { create, show },
}
