import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createNode } from '../../src/index.node.ts'
import { udpLink } from '../../src/node.ts'
import { type Loopback, loopback } from '../support/loopback.ts'

let world: Loopback
let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rxzt-home-'))
  world = await loopback()
})
afterAll(async () => {
  await world.close()
  await rm(home, { recursive: true, force: true })
})

const start = () =>
  createNode({ store: home, planet: world.planet, link: udpLink({ address: '127.0.0.1', secondary: false }) })

it('a node makes an identity, keeps it with its networks, and is the same one next time', async () => {
  const first = await start()
  const addresses = (await first.join(world.hosted.id)).addresses
  await expect(start()).rejects.toMatchObject({ code: 'ERR_ZT_STORE_LOCKED' })
  await first.close()
  expect(await readFile(join(home, 'identity.secret'), 'utf8')).toBe(first.identity.exportSecret())
  expect((await stat(join(home, 'identity.secret'))).mode & 0o777).toBe(0o600)
  await writeFile(join(home, 'identity.public'), 'somebody else')

  const second = await start()
  expect(second.id).toBe(first.id)
  expect(second.network(world.hosted.id)?.addresses).toEqual(addresses)
  await second.join(world.hosted.id)
  await second.close()
  expect(await readFile(join(home, 'identity.public'), 'utf8')).toBe(first.identity.public)
})

it('whom a node reached is kept at once, in case it ends without a word', async () => {
  const node = await start()
  await node.online()
  const joined = await node.join(world.hosted.id)
  const echoes = joined.ping(world.a.addresses[0]!.address, { count: 50, interval: 50, timeout: 300 })
  for await (const echo of echoes) if ('rtt' in echo) break
  await expect.poll(() => readFile(join(home, 'peers.d', `${world.alice.id}.peer`)).then((bytes) => bytes[0])).toBe(2)
  await node.close()
})

it('a damaged identity file is refused, not replaced', async () => {
  const path = join(home, 'identity.secret')
  const kept = await readFile(path, 'utf8')
  await writeFile(path, kept.slice(0, 100))
  await expect(start()).rejects.toMatchObject({
    name: 'StoreError',
    code: 'ERR_ZT_STORE_CORRUPT',
    key: { kind: 'identity.secret' },
  })
  expect(await readFile(path, 'utf8')).toBe(kept.slice(0, 100))
})
