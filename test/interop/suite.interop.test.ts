import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Said } from '../support/conversation.ts'
import { pause } from './namespaces.ts'
import { recording } from './recording.ts'
import { Scene } from './scene.ts'
import { program, untilDirect, untilEchoed } from './station.ts'

const able = process.getuid?.() === 0 && existsSync(join(program, 'zerotier-one'))

/** What is between the two stations, whatever it went through. */
const between = (said: readonly Said[], from: string, to: string): readonly Said[] =>
  said.filter((one) => one.from === from && one.to === to)
const suitesOf = (said: readonly Said[]): readonly number[] => [...new Set(said.map(({ cipher }) => cipher))].sort()

describe.skipIf(!able).each(['native', 'ours'] as const)(
  'the suites between our node and a native one, under a root that is %s',
  { timeout: 120_000 },
  (root) => {
    let scene: Scene
    let said: readonly Said[]

    beforeAll(async () => {
      scene = await Scene.open({ root, a: 'ours', b: 'native' })
      const { a, b, segment } = scene
      segment.block('a', 'b', true)
      await Promise.all([a.start(), b.start()])
      await Promise.all([a.join(), b.join()])
      await pause(8_000)
      const tape = recording(segment, 'a', `relayed-then-direct-${root}-root`, scene.identities)
      await tape.started()
      await a.echo(b)
      await untilEchoed(a, Date.now(), 30_000)
      await pause(2_000)
      segment.block('a', 'b', false)
      await untilDirect(a, b, Date.now(), 60_000)
      await pause(2_000)
      const heard = await tape.stop()
      expect(heard.unopened).toBe(0)
      ;({ said } = heard)
    }, 150_000)
    afterAll(() => scene.close())

    it.each([
      ['a', 'b'],
      ['b', 'a'],
    ])('are 1 by relay and 3 directly, from %s to %s', (from, to) => {
      const frames = between(said, from, to).filter(({ verb }) => verb === 'frame' || verb === 'extFrame')
      const relayed = frames.filter(({ hops }) => hops > 0)
      // what a sends is recorded before the root counts its hop: it is relayed as long as nothing straight was answered
      const first = frames.slice(0, 5)
      expect(suitesOf(first)).toEqual([1])
      if (from === 'b') expect(relayed.length).toBeGreaterThan(5)
      const last = frames.slice(-5)
      expect(suitesOf(last)).toEqual([3])
      expect(last.every(({ hops }) => hops === 0)).toBe(true)
    })

    it('are 0 for HELLO', () => {
      const hellos = said.filter(({ verb }) => verb === 'hello')
      expect(hellos.length).toBeGreaterThan(1)
      expect(suitesOf(hellos)).toEqual([0])
    })

    it('answer the first HELLO under 1, as the version it tells of is not yet recorded', () => {
      const answers = [...between(said, 'a', 'b'), ...between(said, 'b', 'a')].filter(({ verb }) => verb === 'ok')
      expect(answers.some(({ cipher }) => cipher === 1)).toBe(true)
    })
  },
)
