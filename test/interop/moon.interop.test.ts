import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, type Identity } from 'rxzt'
import { createMoon, createSigningKey } from 'rxzt/controller'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, pause } from './namespaces.ts'
import { recording } from './recording.ts'
import { Scene } from './scene.ts'
import { type Make, NativeStation, OurStation, program, type Station, untilEchoed } from './station.ts'

const able = process.getuid?.() === 0 && existsSync(join(program, 'zerotier-cli'))

/** A moon of one root, whose ID is by custom the root's address. */
interface Moon {
  readonly id: string
  readonly seed: string
  readonly bytes: Uint8Array
}

describe.skipIf(!able)('moons', { timeout: 120_000 }, () => {
  let scene: Scene
  let ours: OurStation
  let native: NativeStation
  const moons = new Map<Make, Moon>()
  const identities: Record<string, Identity> = {}

  const serve = async (make: Make, host: string): Promise<void> => {
    const { segment, planet } = scene
    const address = segment.host(host)
    const identity = await generateIdentity()
    identities[`moon-${make}`] = identity
    const seed = identity.public.slice(0, 10)
    const id = `000000${seed}`
    const bytes = createMoon({
      id,
      timestamp: BigInt(Date.now()),
      roots: [{ identity: identity.public, endpoints: [{ address, port: 9993 }] }],
      signingKey: createSigningKey(),
    })
    mkdirSync(join(segment.home(host), 'moons.d'), { recursive: true })
    writeFileSync(join(segment.home(host), 'moons.d', `${id}.moon`), bytes)
    if (make === 'ours') await new OurStation({ segment, host, identity, planet }).start()
    else await new NativeStation({ segment, host, identity, planet }).start()
    moons.set(make, { id, seed, bytes })
  }
  const file = (station: Station, { id }: Moon): string =>
    join(scene.segment.home(station.host), 'moons.d', `${id}.moon`)
  /** The program takes the last ten digits of a moon's ID. */
  const cli = (...args: readonly string[]): string =>
    scene.segment.run(native.host, join(program, 'zerotier-cli'), `-D${scene.segment.home(native.host)}`, ...args)
  const orbit = (station: Station, { id, seed }: Moon): unknown =>
    station === ours ? ours.node.tell({ do: 'orbit', world: id, seed }) : cli('orbit', seed, seed)
  const deorbit = (station: Station, { id, seed }: Moon): unknown =>
    station === ours ? ours.node.tell({ do: 'deorbit', world: id }) : cli('deorbit', seed)
  const roleOf = async (station: Station, { seed }: Moon): Promise<string> =>
    String(
      station === ours
        ? (await ours.node.tell({ do: 'peer', id: seed })).role
        : native.node.try('GET', `/peer/${seed}`)?.role,
    ).toLowerCase()

  beforeAll(async () => {
    scene = await Scene.open({ root: 'native', a: 'ours', b: 'native' })
    ours = scene.a as OurStation
    native = scene.b as NativeStation
    await serve('ours', 'm')
    await serve('native', 'w')
    await Promise.all([ours.start(), native.start()])
  }, 120_000)
  afterAll(() => scene.close())

  it.each([
    ['native', 'ours'],
    ['ours', 'native'],
    ['ours', 'ours'],
    ['native', 'native'],
  ] as const)('a node that is %s orbits one served by a node that is %s, and leaves it', async (who, by) => {
    const station = who === 'ours' ? ours : native
    const moon = moons.get(by)!
    const tape =
      who === by
        ? undefined
        : recording(scene.segment, station.host, `${who}-orbits-moon`, {
            ...scene.identities,
            moon: identities[`moon-${by}`]!,
          })
    await tape?.started()
    const began = Date.now()
    await orbit(station, moon)
    await eventually(
      'the moon',
      () => roleOf(station, moon),
      (role) => role === 'moon',
      60_000,
    )
    scene.tell(`${who} orbits a moon by ${by}`, Date.now() - began)
    await eventually(
      'its file',
      () => existsSync(file(station, moon)),
      (is) => is,
    )
    expect(readFileSync(file(station, moon)).equals(moon.bytes)).toBe(true)
    if (tape !== undefined) {
      await pause(1_000)
      const { said, unopened } = await tape.stop()
      expect(unopened).toBe(0)
      const taker = who === 'ours' ? 'a' : 'b'
      expect(said.some(({ from, to, verb }) => from === taker && to === 'moon' && verb === 'hello')).toBe(true)
      expect(said.some(({ from, to, verb }) => from === 'moon' && to === taker && verb === 'ok')).toBe(true)
    }
    await deorbit(station, moon)
    await eventually(
      'no moon',
      () => roleOf(station, moon),
      (role) => role !== 'moon',
      10_000,
    )
    await eventually(
      'no file',
      () => existsSync(file(station, moon)),
      (is) => !is,
    )
  })

  it('one served by ours carries what two nodes say to each other when the root of the planet is gone', {
    timeout: 300_000,
  }, async () => {
    const moon = moons.get('ours')!
    for (const station of [ours, native]) {
      await orbit(station, moon)
      await eventually(
        'the moon',
        () => roleOf(station, moon),
        (role) => role === 'moon',
        60_000,
      )
    }
    scene.segment.block('a', 'b', true)
    await scene.root.kill()
    await Promise.all([ours.join(), native.join()])
    await pause(8_000)
    const began = Date.now()
    await ours.echo(native)
    // a native node leaves a root only when its silence, in periods of 61 s, outweighs what it is nearer than the moon
    scene.tell('first answer through our moon', await untilEchoed(ours, began, 200_000))
    expect(await ours.isDirect(native)).toBe(false)
  })
})
