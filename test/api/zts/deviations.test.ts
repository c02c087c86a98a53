import { readFileSync } from 'node:fs'
import { fixtures } from 'rxzt/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/streams/store.ts'
import { eventDeviations } from './deviation/event.ts'
import { networkDeviations } from './deviation/network.ts'
import { nodeDeviations } from './deviation/node.ts'
import { socketDeviations } from './deviation/socket.ts'
import type { Deviation, Trial } from './deviation/trial.ts'
import { listen, staged } from './staged.ts'

/** The sections of the guide, and what they say. */
const sections: readonly (readonly [string, readonly Deviation[]])[] = [
  ['The node', nodeDeviations],
  ['Networks', networkDeviations],
  ['Events', eventDeviations],
  ['Sockets', socketDeviations],
]

const begin = async (): Promise<Trial> => {
  const stage = await staged(111)
  const [a, b] = [await stage.joined(), await stage.joined()]
  const identity = new TextEncoder().encode(fixtures.identities.at(-1)!)
  const third = stage.make({ node: { store: memoryStore([[{ kind: 'identity.secret' }, identity]]) } })
  const heard = listen(third)
  await stage.net.until(third.zts_node_start())
  third.zts_net_join(stage.id)
  await stage.net.advance(3_000)
  third.zts_net_leave(stage.id)
  await stage.net.until(third.zts_node_stop())
  const address = (zts: typeof a): string => zts.zts_addr_get_str(stage.id, zts.ZTS_AF_INET).str
  return {
    ...{ stage, a, b, heard, id: stage.id, a4: address(a), b4: address(b) },
    until: (promise) => stage.net.until(promise, 300_000),
  }
}

let trial: Trial
beforeAll(async () => {
  trial = await begin()
}, 60_000)
afterAll(async () => trial.stage[Symbol.asyncDispose]())

describe.each(sections)('%s', (_, deviations) => {
  it.each(deviations.map((one) => [`${one.what}: ${one.here}`, one] as const))('%s', (_, { holds }) => holds(trial))
})

describe('docs/guide/porting.md', () => {
  const guide = readFileSync(new URL('../../../docs/guide/porting.md', import.meta.url), 'utf8')

  it.each(sections)('says these of %s, and no others', (title, deviations) => {
    const [, section = ''] = guide.split(`### ${title}\n`)
    const [table = ''] = section.split('\n#')
    const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| What'))
    expect(rows.join('\n')).toBe(
      deviations.map(({ what, native, here }) => `| ${what} | ${native} | ${here} |`).join('\n'),
    )
  })
})
