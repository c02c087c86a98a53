import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { directoryStore } from '../../src/streams/io/directory-store.ts'
import type { NetworkId, NodeId, WorldId } from '../../src/streams/public-id.ts'
import type { StoreKey } from '../../src/streams/store.ts'

const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)
const text = (found: Uint8Array | undefined): string | undefined =>
  found === undefined ? undefined : new TextDecoder().decode(found)
const network = '8056c2e21c000001' as NetworkId
const peer = '8056c2e21c' as NodeId
const otherPeer = '1122334455' as NodeId

describe('a home directory', () => {
  let home: string
  beforeEach(async () => {
    home = join(await mkdtemp(join(tmpdir(), 'rxzt-')), 'a', 'home')
  })
  afterEach(() => rm(join(home, '..', '..'), { recursive: true, force: true }))

  it('has the layout of native nodes', async () => {
    const store = directoryStore(home)
    await store.open?.()
    const files: readonly (readonly [StoreKey, string])[] = [
      [{ kind: 'identity.public' }, 'identity.public'],
      [{ kind: 'identity.secret' }, 'identity.secret'],
      [{ kind: 'planet' }, 'planet'],
      [{ kind: 'moon', id: '00000000deadbeef' as WorldId }, 'moons.d/00000000deadbeef.moon'],
      [{ kind: 'network', id: network }, `networks.d/${network}.conf`],
      [{ kind: 'network.local', id: network }, `networks.d/${network}.local.conf`],
      [{ kind: 'peer', id: peer }, `peers.d/${peer}.peer`],
      [{ kind: 'controller', path: `network/${network}.json` }, `controller.d/network/${network}.json`],
    ]
    for (const [key, path] of files) {
      expect(await store.get(key)).toBeUndefined()
      await store.set(key, bytes(path))
      expect(await readFile(join(home, path), 'utf8')).toBe(path)
      expect(text(await store.get(key))).toBe(path)
      expect(await store.list(key.kind)).toEqual([key])
      await store.delete(key)
      expect(await store.list(key.kind)).toEqual([])
    }
    await store.close?.()
    expect(await readdir(home)).not.toContain('.lock')
  })

  it('reads the planet of libzt, too', async () => {
    const store = directoryStore(home)
    await store.open?.()
    await writeFile(join(home, 'roots'), 'planet')
    expect(text(await store.get({ kind: 'planet' }))).toBe('planet')
    await store.close?.()
  })

  it('keeps secrets to the owner and leaves no drafts', async () => {
    const store = directoryStore(home)
    await store.open?.()
    for (let i = 0; i < 3; i++) await store.set({ kind: 'identity.secret' }, bytes(`secret ${i}`))
    expect((await stat(join(home, 'identity.secret'))).mode & 0o777).toBe(0o600)
    expect((await readdir(home)).sort()).toEqual(['.lock', 'identity.secret'])
    await store.close?.()
  })

  it('does not write what is there already', async () => {
    const store = directoryStore(home)
    await store.open?.()
    await store.set({ kind: 'planet' }, bytes('same'))
    const before = new Date('2020-01-01')
    await utimes(join(home, 'planet'), before, before)
    await store.set({ kind: 'planet' }, bytes('same'))
    expect((await stat(join(home, 'planet'))).mtime).toEqual(before)
    await store.close?.()
  })

  it('forgets peers after 30 days, and nothing else', async () => {
    const store = directoryStore(home)
    await store.open?.()
    await store.set({ kind: 'peer', id: peer }, bytes('old'))
    await store.set({ kind: 'network', id: network }, bytes('old'))
    const old = new Date(Date.now() - 31 * 86_400_000)
    await utimes(join(home, `peers.d/${peer}.peer`), old, old)
    await utimes(join(home, `networks.d/${network}.conf`), old, old)
    await store.close?.()
    await store.open?.()
    expect(await store.list('peer')).toEqual([])
    expect(await store.list('network')).toHaveLength(1)
    await store.close?.()
  })

  it('looks for such peers again once an hour, while it stores others', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const store = directoryStore(home)
      await store.open?.()
      await store.set({ kind: 'peer', id: peer }, bytes('old'))
      const old = new Date(Date.now() - 31 * 86_400_000)
      await utimes(join(home, `peers.d/${peer}.peer`), old, old)
      for (const [minutes, left] of [
        [59, 2],
        [61, 1],
      ] as const) {
        vi.setSystemTime(Date.now() + minutes * 60_000)
        await store.set({ kind: 'peer', id: otherPeer }, bytes(`met after ${minutes}`))
        expect(await store.list('peer')).toHaveLength(left)
      }
      await store.close?.()
    } finally {
      vi.useRealTimers()
    }
  })

  it('serves one node at a time, and takes over from a dead one', async () => {
    const [first, second] = [directoryStore(home), directoryStore(home)]
    await first.open?.()
    await expect(second.open?.()).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_ZT_STORE_LOCKED' })
    await first.close?.()
    // no process has this number: it is above what the kernel gives out
    await writeFile(join(home, '.lock'), '99999999\n')
    await second.open?.()
    expect(await readFile(join(home, '.lock'), 'utf8')).toBe(`${process.pid}\n`)
    await second.close?.()
    await writeFile(join(home, '.lock'), '1\n')
    await expect(first.open?.()).rejects.toMatchObject({ code: 'ERR_ZT_STORE_LOCKED' })
  })

  it('fails at once where nothing can be written', async () => {
    await expect(directoryStore('/proc/none/of/this').open?.()).rejects.toMatchObject({
      code: 'ERR_ZT_STORE_UNWRITABLE',
      message: expect.stringContaining('choose a directory you own'),
    })
    const file = join(home, '..', '..', 'file')
    await writeFile(file, '')
    await expect(directoryStore(join(file, 'home')).open?.()).rejects.toMatchObject({ code: 'ERR_ZT_STORE_UNWRITABLE' })
  })

  it('lets no controller path out of its folder', async () => {
    const store = directoryStore(home)
    await store.open?.()
    await expect(store.set({ kind: 'controller', path: '../identity.secret' }, bytes('x'))).rejects.toMatchObject({
      name: 'StoreError',
    })
    await store.close?.()
  })
})
