import { readdirSync } from 'node:fs'
import { fixtures } from 'rxzt/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { privateNetwork } from '../../examples/private-network.ts'
import { type Port, playAlone, type Surroundings } from '../../examples/zts/stage.ts'

/** What each port must have said by the time it ends by itself. */
const says: Readonly<Record<string, RegExp>> = {
  'adhoc.ts': /(?=[\s\S]*ping me at FC)[\s\S]*pinged[\s\S]*pinged/,
  'callbackapi.ts':
    /(?=[\s\S]*pinged)[\s\S]*event: online as[\s\S]*event: address 10\.147\.17\.[\s\S]*is ready[\s\S]*event: down/,
  'centralapi.ts':
    /status: 200[\s\S]*network 1234567890abcdef: 200[\s\S]*authorize 9934343434: 200[\s\S]*"authorized": true/,
  'customroots.ts':
    /planet, \d+ bytes: 01[\s\S]*keys, 128 and 128 bytes[\s\S]*root \w{10}, version 1\.14\.1[\s\S]*at 127\.0\.0\.1[\s\S]*is online/,
  'client.ts': /sent 22 bytes: Welcome to the machine\nread 22 bytes: Welcome to the machine/,
  'nonblockingclient.ts': /connected\n[\s\S]*sent 22 bytes[\s\S]*the other member got/,
  'nonblockingserver.ts': /read \d+ bytes by nonblock[\s\S]*read \d+ bytes by select[\s\S]*read \d+ bytes by poll/,
  'nostorage.ts':
    /identity\.secret, \d+ bytes: \w{10}:0:[\s\S]*identity\.public[\s\S]*planet, \d+ bytes[\s\S]*is online/,
  'pingable-node.ts': /(?=[\s\S]*identity: \w{10}:0:)[\s\S]*pinged[\s\S]*pinged/,
  'server.ts': /connection from 10\.147\.17\.[\s\S]*read 13 bytes: who is there\?[\s\S]*got back: who is there\?/,
  'statistics.ts': /icmp4 +tx [1-9]/,
}
const files = readdirSync(new URL('../../examples/zts', import.meta.url)).filter(
  (file) => file.endsWith('.ts') && !['stage.ts', 'enter.ts'].includes(file),
)

describe('every port of an SDK program runs alone', () => {
  let zt: Awaited<ReturnType<typeof privateNetwork>>
  let surroundings: Surroundings

  beforeAll(async () => {
    zt = await privateNetwork()
    const member = await zt.node({ identity: fixtures.identities[0]! })
    surroundings = { planet: zt.planet, member, other: await member.join(zt.network.id) }
  }, 60_000)
  afterAll(() => zt.close())

  it.each(files)('%s', async (file) => {
    const exported: Readonly<Record<string, Port>> = await import(`../../examples/zts/${file.replace('.ts', '')}.ts`)
    const [port] = Object.values(exported)
    const lines: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((...words) => void lines.push(words.join(' ')))
    try {
      // making one takes long, and one port tells of it
      const made = file === 'nostorage.ts' ? {} : { identity: fixtures.identities[files.indexOf(file) + 1]! }
      await playAlone(port!, { ...surroundings, ...made })
    } finally {
      log.mockRestore()
    }
    expect(says[file], `no expectation for ${file}`).toBeDefined()
    expect(lines.join('\n')).toMatch(says[file]!)
  })
})
