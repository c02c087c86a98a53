import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ids, pending } from './ids.ts'
import { play } from './play.ts'
import { parseCase } from './script.ts'

const folder = new URL('cases/', import.meta.url)
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.script'))
  .sort()
/** Two of the cases open sixteen thousand connections, a line at a time. */
const LONGEST = 240_000
const cases = files.map((name) => parseCase(readFileSync(new URL(name, folder), 'utf8')))

it('there is a script for each case, and none besides', () => {
  expect(files.map((name) => name.replace('.script', ''))).toEqual(cases.map(({ id }) => id))
  expect(cases.map(({ id }) => id)).toEqual(ids.filter((id) => !pending.includes(id)).sort())
})

it('no case is pending', () => {
  expect(pending).toEqual([])
})

describe.each([4, 6] as const)('over IPv%i', (family) => {
  it.each(
    cases
      .filter(({ families }) => families.includes(family))
      .map((script) => [script.id, script.title, script] as const),
  )('%s %s', (_id, _title, script) => play(script, family), LONGEST)
})
