import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause } from './namespaces.ts'
import { recording } from './recording.ts'
import { Scene, type SceneSpec } from './scene.ts'
import { program, type Station, untilDirect, untilEchoed } from './station.ts'

const able = process.getuid?.() === 0 && existsSync(join(program, 'zerotier-one'))

const specs: readonly SceneSpec[] = (['native', 'ours'] as const).flatMap((root) => [
  { root, a: 'ours', b: 'ours' },
  { root, a: 'ours', b: 'native' },
  { root, a: 'native', b: 'native' },
])
/** A native node keeps a path that has died for 243 s, and sends into it. */
const hasNative = ({ a, b }: SceneSpec): boolean => a === 'native' || b === 'native'
const mixed = ({ root, a, b }: SceneSpec): boolean => root === 'native' && a !== b

const titled = specs.map((spec) => [`${spec.a} and ${spec.b} under a root that is ${spec.root}`, spec] as const)

describe.skipIf(!able).concurrent.each(titled)(
  '%s',
  (_, spec) => {
    let scene: Scene
    let a: Station
    let b: Station

    beforeAll(async () => {
      scene = await Scene.open(spec)
      ;({ a, b } = scene)
      scene.segment.block('a', 'b', true)
    })
    afterAll(() => scene?.close())

    const restarted = async (station: Station): Promise<number> => {
      await station.kill()
      await pause(2000)
      await station.start()
      await station.join()
      if (station === a) await a.echo(b)
      return station.startedAt
    }

    it.sequential('come online', async () => {
      for (const station of [a, b]) {
        const ms = await station.start()
        scene.tell(`${station.make} online`, ms)
        expect(ms).toBeLessThan(station.make === 'ours' ? 5_000 : 20_000)
      }
    })

    it.sequential('talk through the root while there is no way between them', async () => {
      await Promise.all([a.join(), b.join()])
      await pause(8_000) // interfaces of native nodes come up some seconds after the status says so
      const began = Date.now()
      await a.echo(b)
      scene.tell('first answer, by relay', await untilEchoed(a, began, 30_000))
      expect(await a.isDirect(b)).toBe(false)
    })

    it.sequential('go direct when there is one', async () => {
      await pause(20_000)
      const began = Date.now()
      scene.segment.block('a', 'b', false)
      scene.tell('relay to direct', await untilDirect(a, b, began, 60_000))
    })

    it.sequential('talk through the root again when it is cut', async () => {
      await pause(5_000)
      scene.segment.block('a', 'b', true)
      const began = Date.now()
      await pause(500) // answers that are under way
      const ms = 500 + (await untilEchoed(a, began + 500, 300_000))
      scene.tell('cut to relay', ms)
      expect(ms).toBeLessThan(hasNative(spec) ? 260_000 : 15_000)
    })

    it.sequential('find the root again when it has started anew', async () => {
      await scene.root.kill()
      await pause(3_000)
      const began = await scene.startRoot()
      const ms = await untilEchoed(a, began, 300_000)
      scene.tell('root restart to answer', ms)
      expect(ms).toBeLessThan(hasNative(spec) ? 260_000 : 15_000)
    })

    it.sequential('go direct again', async () => {
      const began = Date.now()
      scene.segment.block('a', 'b', false)
      scene.tell('restored to direct', await untilDirect(a, b, began, 120_000))
    })

    it.sequential('survive that the second starts anew', async () => {
      await pause(2_000)
      const tape = mixed(spec) ? recording(scene.segment, 'a', 'native-starts-anew', scene.identities) : undefined
      await tape?.started()
      const began = await restarted(b)
      scene.tell(`${b.make} peer restart to answer`, await untilEchoed(a, began, hasNative(spec) ? 60_000 : 15_000))
      await pause(1_000)
      await tape?.stop()
    })

    it.sequential('survive that the first starts anew', async () => {
      const began = await restarted(a)
      scene.tell(`${a.make} restart to answer`, await untilEchoed(a, began, hasNative(spec) ? 60_000 : 15_000))
    })

    it.sequential('survive that the first changes its address', async () => {
      await untilDirect(a, b, Date.now(), 60_000)
      await pause(2_000)
      const began = Date.now()
      scene.segment.move('a')
      const ms = await untilEchoed(a, began + 100, hasNative(spec) ? 60_000 : 15_000)
      scene.tell(`${a.make} moves to answer`, ms + 100)
      scene.tell(`${a.make} moves to direct`, await untilDirect(a, b, began, 120_000))
    })
  },
  400_000,
)
