import type { Option } from './command.ts'

/** What every command understands, before and after its name. */
export const commonOptions: readonly Option[] = [
  { flags: '-D, --home <directory>', text: 'where identity, networks and token are ($RXZT_HOME, else ~/.rxzt)' },
  { flags: '-j, --json', text: 'results as JSON, one document a line' },
  { flags: '-v, --verbose', text: 'say more on stderr' },
  { flags: '--color <when>', text: 'colours (default: on a terminal)', choices: ['auto', 'always', 'never'] },
]
