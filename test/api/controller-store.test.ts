import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HostedController } from '../../src/api/controller.ts'
import { type Controller, createController } from '../../src/controller.node.ts'
import { memoryStore, parseIdentity, type StateStore, type StoreKey, type ZtNode } from '../../src/index.node.ts'
import { directoryStore } from '../../src/node.ts'
import { fixtures, virtualNet } from '../../src/testing.node.ts'

const record = (path: string): StoreKey => ({ kind: 'controller', path })
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const pathsIn = async (store: StateStore): Promise<readonly string[]> =>
  (await store.list('controller')).map((key) => ('path' in key ? key.path : '')).sort()
const jsonIn = async (store: StateStore, path: string): Promise<unknown> =>
  JSON.parse(new TextDecoder().decode(await store.get(record(path))))

/** A store whose writes fail while `fails` says so; `writes` counts those tried. */
const fragile = (store: StateStore, fails: (write: number) => boolean) => {
  const self = { writes: 0 }
  const tried = (): void => {
    if (fails(self.writes++)) throw new Error('disk full')
  }
  const shell: StateStore = {
    ...store,
    set: async (key, value) => {
      tried()
      await store.set(key, value)
    },
    delete: async (key) => {
      tried()
      await store.delete(key)
    },
  }
  return Object.assign(shell, { count: () => self.writes })
}

const member = parseIdentity(fixtures.identities[5]!).id
const hosting = async (run: (node: ZtNode) => Promise<void>): Promise<void> => {
  await using net = virtualNet({ seed: 31 })
  await run(await net.node({ identity: fixtures.identities[9]! }))
}
/** What somebody who runs a controller sees of it. */
const shown = async (
  controller: Controller,
): Promise<Record<string, { name?: string; members: readonly string[] }>> => {
  const found: Record<string, { name?: string; members: readonly string[] }> = {}
  const listen = controller.networks$.subscribe((networks) => {
    for (const [id, { config, members$ }] of networks) {
      const members: string[] = []
      members$.subscribe((now) => {
        members.splice(0, members.length, ...[...now.values()].filter((m) => m.authorized).map((m) => m.id))
      })
      found[id] = { ...(config.name === undefined ? {} : { name: config.name }), members }
    }
  })
  listen.unsubscribe()
  return found
}

describe('the records of a controller', () => {
  it('lie where native controllers keep theirs, with the fields of theirs', async () =>
    hosting(async (node) => {
      const store = memoryStore()
      const controller = createController(node, { store })
      const { id } = await controller.create({ name: 'home' })
      await controller.authorize(id, member)
      expect(await pathsIn(store)).toEqual([`network/${id}.json`, `network/${id}/member/${member}.json`])
      expect(await jsonIn(store, `network/${id}.json`)).toMatchObject({
        objtype: 'network',
        id,
        nwid: id,
        name: 'home',
        private: true,
        authTokens: [null],
        revision: 1,
      })
      expect(await jsonIn(store, `network/${id}/member/${member}.json`)).toMatchObject({
        objtype: 'member',
        id: member,
        address: member,
        nwid: id,
        authorized: true,
        lastAuthorizedCredentialType: 'api',
      })
      await controller.delete(id)
      expect(await pathsIn(store)).toEqual([])
    }))

  it('of a native controller are taken over, fields that nobody here knows included', async () =>
    hosting(async (node) => {
      const home = new URL('../fixtures/controller.d/', import.meta.url)
      const [network, who] = ['network/60ca6443ca991e37.json', 'network/60ca6443ca991e37/member/60ca6443ca.json']
      const files = await Promise.all(
        [network, who].map(async (path) => [record(path), await readFile(new URL(path, home))] as const),
      )
      const store = memoryStore(files.map(([key, bytes]) => [key, new Uint8Array(bytes)]))
      const before = await jsonIn(store, network)
      const controller = createController(node, { store })
      await controller.update('60ca6443ca991e37', { name: 'ours now' })
      expect(await jsonIn(store, network)).toEqual({
        ...(before as object),
        name: 'ours now',
        revision: (before as { revision: number }).revision + 1,
      })
      expect((await shown(controller))['60ca6443ca991e37']).toEqual({ name: 'ours now', members: ['60ca6443ca'] })
    }))

  const life = async (controller: Controller, said: string[]): Promise<void> => {
    const a = (await controller.create({ name: 'a' })).id
    said.push(`${a} a`)
    await controller.authorize(a, member)
    said.push(`${a} member`)
    await controller.update(a, { name: 'a2' })
    said.push(`${a} a2`)
    const b = (await controller.create({ name: 'b' })).id
    said.push(`${b} b`)
    await controller.delete(a)
    said.push(`${a} gone`)
  }

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'survive a store that dies at write %i: what was acknowledged is there',
    async (dies) =>
      hosting(async (node) => {
        const disk = memoryStore()
        const said: string[] = []
        const first = createController(node, { store: fragile(disk, (write) => write >= dies) })
        const failed = await life(first, said).catch((error: unknown) => error)
        if (dies < 6)
          expect(failed).toMatchObject({
            name: 'StoreError',
            code: 'ERR_ZT_STORE_UNWRITABLE',
            key: { kind: 'controller' },
          })
        await first.close().catch(() => undefined)

        const second = createController(node, { store: disk })
        await second.create({ name: 'next' })
        const now = await shown(second)
        const [a, b] = [said[0]?.slice(0, 16) ?? '', said[3]?.slice(0, 16) ?? '']
        if (said.length >= 5) expect(now[a]).toBeUndefined()
        // what nobody said is gone may be gone, or is all there
        else if (said.length >= 1 && !(said.length === 4 && now[a] === undefined))
          expect(now[a]).toMatchObject(said.length >= 3 ? { name: 'a2' } : { name: expect.stringMatching(/^a2?$/) })
        if (said.length >= 2 && now[a] !== undefined) expect(now[a].members).toEqual([member])
        if (said.length >= 4) expect(now[b]).toMatchObject({ name: 'b' })
        await second.close()
      }),
  )

  it('that could not be written are written with the next change', async () =>
    hosting(async (node) => {
      const disk = memoryStore()
      const controller = createController(node, { store: fragile(disk, (write) => write === 0) })
      await expect(controller.create({ name: 'a' })).rejects.toMatchObject({
        name: 'StoreError',
        message: expect.stringContaining('disk full'),
      })
      expect(Object.values(await shown(controller))).toEqual([{ name: 'a', members: [] }])
      await controller.create({ name: 'b' })
      expect(await pathsIn(disk)).toHaveLength(2)
      await controller.close()
    }))

  it('are tried once more when the controller closes, and closing says if that fails too', async () =>
    hosting(async (node) => {
      const controller = createController(node, { store: fragile(memoryStore(), () => true) })
      await expect(controller.create()).rejects.toMatchObject({ code: 'ERR_ZT_STORE_UNWRITABLE' })
      await expect(controller.close()).rejects.toMatchObject({ code: 'ERR_ZT_STORE_UNWRITABLE' })
    }))

  it('are of one controller, as a node has one', async () =>
    hosting(async (node) => {
      await using net = virtualNet({ seed: 32 })
      const other = await net.node({ identity: fixtures.identities[8]! })
      const store = memoryStore()
      const first = createController(node, { store })
      expect(() => createController(node)).toThrow(expect.objectContaining({ code: 'ERR_ZT_CONTROLLER' }))
      expect(() => createController(other, { store })).toThrow(
        expect.objectContaining({ name: 'StoreError', code: 'ERR_ZT_STORE_LOCKED' }),
      )
      await first.close()
      await createController(node).close()
      await createController(other, { store }).close()
    }))

  it('in a directory are locked against a controller of another process', async () =>
    hosting(async (node) => {
      const home = await mkdtemp(join(tmpdir(), 'rxzt-store-'))
      // a process that is certainly there and not this one
      await writeFile(join(home, '.lock'), `${process.ppid}\n`)
      const refused = createController(node, { store: directoryStore(home) })
      await expect(refused.create()).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_ZT_STORE_LOCKED' })
      await refused.close()
      expect(await readdir(home)).toEqual(['.lock'])
      await rm(join(home, '.lock'))
      const controller = createController(node, { store: directoryStore(home) })
      await controller.create()
      expect(await readdir(home)).toEqual(['.lock', 'controller.d'])
      await controller.close()
      expect(await readdir(home)).toEqual(['controller.d'])
      await rm(home, { recursive: true })
    }))

  it('that are damaged are left alone, and hold up no other network', async () =>
    hosting(async (node) => {
      const [bad, torn, good] = [`${node.id}000001`, `${node.id}000002`, `${node.id}000003`]
      const store = memoryStore([
        [record(`network/${bad}.json`), new TextEncoder().encode('{"name":')],
        [record(`network/${torn}.json`), text({ name: 'torn' })],
        [record(`network/${torn}/member/${member}.json`), new Uint8Array()],
        [record(`network/${good}.json`), text({ name: 'good' })],
      ])
      const controller = createController(node, { store })
      await controller.update(good, { name: 'better' })
      expect(Object.keys(await shown(controller))).toEqual([good])
      for (const id of [bad, torn])
        await expect(controller.update(id, { name: 'x' })).rejects.toMatchObject({
          name: 'StoreError',
          code: 'ERR_ZT_STORE_CORRUPT',
        })
      expect(await jsonIn(store, `network/${torn}.json`)).toEqual({ name: 'torn' })
    }))

  it('that the store cannot list keep everybody waiting, and calls say why', async () =>
    hosting(async (node) => {
      const store: StateStore = {
        ...memoryStore(),
        list: async () => {
          throw new Error('no permission')
        },
      }
      const controller = createController(node, { store })
      await expect(controller.create()).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_ZT_STORE_CORRUPT' })
    }))

  it('in a folder that cannot be read are not taken for none', async () =>
    hosting(async (node) => {
      const home = await mkdtemp(join(tmpdir(), 'rxzt-store-'))
      await symlink('controller.d', join(home, 'controller.d'))
      const controller = createController(node, { store: directoryStore(home) })
      await expect(controller.create()).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_ZT_STORE_CORRUPT' })
      await rm(home, { recursive: true })
    }))

  it('of members do not come back with a new network of the ID of theirs', async () =>
    hosting(async (node) => {
      const id = `${node.id}000001`
      const stale = `network/${id}/member/${member}.json`
      const store = memoryStore([[record(stale), text({ authorized: true })]])
      const controller = createController(node, { store })
      await controller.create({ name: 'other' })
      expect(await pathsIn(store)).toContain(stale)
      if (!(controller instanceof HostedController)) throw new Error('not the controller of this library')
      await controller.command({ _tag: 'CreateNetwork', number: 1, change: { name: 'same' } })
      expect(await pathsIn(store)).not.toContain(stale)
    }))
})

it('a node that starts again is let into the network that it hosts, though it asked before there was a controller', async () => {
  await using net = virtualNet({ seed: 32 })
  const store = memoryStore()
  const identity = fixtures.identities[9]!
  const first = await net.node({ identity, store })
  const { id } = await createController(first).create({
    private: false,
    v4AssignMode: { zt: true },
    ipAssignmentPools: [{ ipRangeStart: '10.1.0.1', ipRangeEnd: '10.1.0.9' }],
    routes: [{ target: '10.1.0.0/24' }],
  })
  // as in a home whose configuration was never written, or that lost it
  await store.set({ kind: 'network', id }, Uint8Array.of(0x0a))
  await first.close({ graceMs: 0 })
  const again = await net.node({ identity, store })
  await net.advance(10)
  const status = (): string | undefined => again.network(id)?.state.status
  expect(status()).toBe('not-found')
  createController(again)
  expect(status()).toBe('requesting')
  expect((await net.until(again.join(id))).addresses).toHaveLength(1)
})
