import { createRequire } from 'node:module'

/**
 * commander, by `require`: `import` would first scan its CommonJS for exports, which takes a fifth of the time that
 * `rxzt info` may need from start to end.
 */
export const { Command, CommanderError, Option } = createRequire(import.meta.url)(
  'commander',
) as typeof import('commander')
export type { Command as Commander } from 'commander'
