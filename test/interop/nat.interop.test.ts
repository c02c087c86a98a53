import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause } from './namespaces.ts'
import { type Recording, recording } from './recording.ts'
import { Scene, type SceneSpec } from './scene.ts'
import { program, type Station, untilDirect, untilEchoed } from './station.ts'

const able = process.getuid?.() === 0 && existsSync(join(program, 'zerotier-one'))

const kinds = [
  ['the first behind a router', { behind: ['a'], ports: 'kept' }],
  ['the first behind a router with random ports', { behind: ['a'], ports: 'random' }],
  ['both behind routers', { behind: ['a', 'b'], ports: 'kept' }],
  ['both behind routers with random ports', { behind: ['a', 'b'], ports: 'random' }],
] as const
const specs = kinds.map(
  ([title, nat]) =>
    [
      title,
      (
        [
          { root: 'native', a: 'ours', b: 'ours', ...nat },
          { root: 'native', a: 'ours', b: 'native', ...nat },
          { root: 'native', a: 'native', b: 'native', ...nat },
          { root: 'ours', a: 'ours', b: 'native', ...nat },
        ] satisfies readonly SceneSpec[]
      ).map((spec) => [`${spec.a} and ${spec.b} under a root that is ${spec.root}`, spec] as const),
    ] as const,
)

describe.skipIf(!able).each(specs)('%s', (_, pairs) => {
  describe.concurrent.each<readonly [string, SceneSpec]>(pairs)('%s', { timeout: 120_000 }, (_, spec) => {
    /** Where both routers choose ports by chance nobody can foresee them: the relay is all there is, for everybody. */
    const hopeless = spec.ports === 'random' && spec.behind?.length === 2
    let scene: Scene
    let a: Station
    let b: Station
    let tape: Recording | undefined

    beforeAll(async () => {
      scene = await Scene.open(spec)
      ;({ a, b } = scene)
      if (spec.root === 'native' && a.make !== b.make && spec.behind?.length === 1 && spec.ports === 'kept')
        tape = recording(scene.segment, 'b', 'ours-behind-a-router', scene.identities)
      await tape?.started()
      await Promise.all([a.start(), b.start()])
      await Promise.all([a.join(), b.join()])
      await pause(8_000)
    })
    afterAll(() => scene?.close())

    it.sequential(hopeless ? 'talk by relay, and stay there' : 'talk at once, and go direct', async () => {
      const began = Date.now()
      await a.echo(b)
      scene.tell('first answer', await untilEchoed(a, began, 30_000))
      if (hopeless) {
        await pause(20_000)
        expect(await a.isDirect(b)).toBe(false)
      } else {
        const ms = await untilDirect(a, b, began, 60_000)
        scene.tell('direct', ms)
        expect(ms).toBeLessThan(45_000)
      }
      await pause(1_000)
      expect((await tape?.stop())?.unopened ?? 0).toBe(0)
      const later = Date.now()
      expect(await untilEchoed(a, later, 10_000)).toBeLessThan(5_000)
    })
  })
})
