import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { membersOfUnion } from '../../support/union.ts'

it('the guide has a row for every cause, and no other', () => {
  const guide = readFileSync(new URL('../../../docs/guide/doctor.md', import.meta.url), 'utf8')
  const [, section = ''] = guide.split('## Causes\n')
  const [table = ''] = section.split('\n## ')
  const rows = [...table.matchAll(/^\| `([a-z-]+)` \| .+ \|$/gm)].map(([, cause]) => cause!)
  expect(rows.toSorted()).toEqual(membersOfUnion('src/cli/doctor/finding.ts', 'Cause').toSorted())
})
