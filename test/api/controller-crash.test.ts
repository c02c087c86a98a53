import { expect, it, vi } from 'vitest'
import { type Controller, createController } from '../../src/controller.node.ts'
import { parseIdentity, type ZtNode } from '../../src/index.node.ts'
import { directoryStore } from '../../src/node.ts'
import { fixtures, virtualNet } from '../../src/testing.node.ts'
import { chance } from '../fuzz/chance.ts'
import { CrashDisk } from '../support/crash-disk.ts'

const machine = vi.hoisted(() => ({ disk: undefined as CrashDisk | undefined }))
vi.mock('node:fs/promises', () => {
  const names = ['open', 'readFile', 'readdir', 'stat', 'mkdir', 'rename', 'rm', 'chmod', 'utimes'] as const
  const call = (name: (typeof names)[number]) => (path: string, more: never) => machine.disk![name](path, more)
  const all = Object.fromEntries(names.map((name) => [name, call(name)]))
  return { ...all, default: all }
})

const member = parseIdentity(fixtures.identities[5]!).id

/** What somebody does with a controller, each step acknowledged before the next. */
const life: readonly ((controller: Controller, ids: Map<string, string>) => Promise<unknown>)[] = [
  async (controller, ids) => ids.set('a', (await controller.create({ name: 'a' })).id),
  (controller, ids) => controller.authorize(ids.get('a')!, member, { name: 'somebody' }),
  (controller, ids) => controller.update(ids.get('a')!, { name: 'a2', rules: 'drop not ethertype ipv4;\naccept;' }),
  async (controller, ids) => ids.set('b', (await controller.create({ name: 'b' })).id),
  (controller, ids) => controller.deauthorize(ids.get('a')!, member),
  (controller, ids) => controller.authorize(ids.get('b')!, member),
  (controller, ids) => controller.delete(ids.get('a')!),
  (controller, ids) => controller.update(ids.get('b')!, { private: false }),
]

/** The networks by name, with what they are and who is in. */
const shown = (controller: Controller): unknown => {
  const found: Record<string, unknown> = {}
  const listen = controller.networks$.subscribe((networks) => {
    for (const { config, members$ } of networks.values())
      members$
        .subscribe((members) => {
          const list = [...members.values()].map(({ id, authorized, name }) => ({ id, authorized, name }))
          found[config.name ?? ''] = { private: config.private, rules: config.rules?.length, members: list }
        })
        .unsubscribe()
  })
  listen.unsubscribe()
  return found
}

/** Lives until the end or until the power fails, and says how many steps were acknowledged. */
const live = async (node: ZtNode, see: (controller: Controller) => void = () => undefined): Promise<number> => {
  const controller = createController(node, { store: directoryStore('/home/node') })
  const ids = new Map<string, string>()
  let steps = 0
  try {
    for (const step of life) {
      await step(controller, ids)
      steps++
      see(controller)
    }
  } catch (error) {
    expect(error).toMatchObject({ name: 'StoreError' })
  }
  await controller.close().catch(() => undefined)
  return steps
}

it('a controller comes back with all that it acknowledged, wherever the power fails', { timeout: 60_000 }, async () => {
  await using net = virtualNet({ seed: 41 })
  const node = await net.node({ identity: fixtures.identities[9]! })

  machine.disk = new CrashDisk(false)
  const states: unknown[] = [{}]
  expect(await live(node, (controller) => states.push(shown(controller)))).toBe(life.length)
  const { calls } = machine.disk
  expect(calls).toBeGreaterThan(50)

  for (let diesAt = 0; diesAt <= calls; diesAt++)
    for (const seed of [1, 2, 3, 4]) {
      const disk = new CrashDisk(seed % 2 === 0)
      machine.disk = disk
      disk.diesAt = diesAt
      const steps = await live(node)
      expect(disk.isDead).toBe(diesAt < calls)
      disk.reboot(chance(1000 * diesAt + seed))

      const next = createController(node, { store: directoryStore('/home/node') })
      const made = await next.create({ name: 'next' })
      const { next: _next, ...found } = shown(next) as Record<string, unknown>
      expect([states[steps], states[steps + 1]], `call ${diesAt}, seed ${seed}`).toContainEqual(found)
      await next.delete(made.id)
      await next.close()
      const drafts = (await disk.readdir('/home/node/controller.d/network')).filter((name) => /tmp/.test(String(name)))
      expect(drafts).toEqual([])
    }
})
