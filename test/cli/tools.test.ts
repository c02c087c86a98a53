import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixtures } from '../../src/testing.node.ts'
import { rxzt } from './harness.ts'
import { done, World } from './world.ts'

let world: World
let secret: string
let open: string
beforeAll(async () => {
  world = await World.create()
  secret = world.path('identity.secret')
  open = world.path('identity.public')
  await writeFile(secret, fixtures.identities[0]!, { mode: 0o600 })
  await writeFile(open, fixtures.identities[0]!.split(':').slice(0, 3).join(':'))
})
afterAll(() => world.close())

/** A command that has to fail, with what it says. */
const failing = async (argv: readonly string[], code: number, cause: string): Promise<void> => {
  const ran = await rxzt(argv)
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([code, '', expect.stringContaining(cause)])
  expect(ran.stderr.trimEnd().split('\n')).toHaveLength(2)
}

describe('idtool', () => {
  it('makes an identity, in files that are not written over and of which the secret one is private', async () => {
    const [one, two] = [world.path('made.secret'), world.path('made.public')]
    expect(await done('idtool', 'generate', one, two)).toBe(`${one} written\n${two} written`)
    expect((await stat(one)).mode & 0o077).toBe(0)
    const text = await readFile(one, 'utf8')
    expect(text).toMatch(/^[0-9a-f]{10}:0:[0-9a-f]{128}:[0-9a-f]{128}$/)
    expect(await readFile(two, 'utf8')).toBe(text.split(':').slice(0, 3).join(':'))
    expect(await done('idtool', 'validate', one)).toBe(`${one} is a valid identity`)
    await failing(['idtool', 'generate', one], 1, `${one} exists already`)
    await failing(['idtool', 'generate', world.path('new'), two], 1, `${two} exists already`)
    await failing(['idtool', 'validate', world.path('new')], 1, 'cannot be read (ENOENT)')
    await failing(['idtool', 'generate', world.path('new'), world.path('newer'), 'xyz'], 2, 'vanity "xyz"')
    expect(await readFile(one, 'utf8')).toBe(text)
    // some seconds of work at worst, on a machine that may have other things to do
  }, 300_000)

  it('tells a public identity from a secret one, and a true one from a forged one', async () => {
    expect(await done('idtool', 'getpublic', secret)).toBe(await readFile(open, 'utf8'))
    expect(await done('idtool', 'getpublic', fixtures.identities[0]!)).toBe(await readFile(open, 'utf8'))
    const forged = fixtures.identities[0]!.replace(/^.{10}/, '1122334455')
    await failing(['idtool', 'validate', forged], 1, 'identity 1122334455 FAILED validation.')
    const [a, b] = [fixtures.identities[0]!, fixtures.identities[1]!].map((one) => one.split(':'))
    const mixed = [...a!.slice(0, 3), b![3]].join(':')
    const ran = await rxzt(['idtool', 'validate', mixed])
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('its secret key is not that of its public key')])
    expect(ran.stderr).not.toContain(b![3])
    await failing(['idtool', 'getpublic', world.path('planet.key')], 1, 'cannot be read')
  })

  it('signs a file, and knows when it was changed or signed by another', async () => {
    const file = world.path('file')
    await writeFile(file, 'as it was')
    const signature = await done('idtool', 'sign', secret, file)
    expect(signature).toMatch(/^[0-9a-f]{192}$/)
    const signed = world.path('signature')
    await writeFile(signed, `${signature}\n`)
    for (const given of [signature, signed])
      expect(await done('idtool', 'verify', open, file, given)).toBe(`${file} signature valid`)
    await failing(['idtool', 'verify', fixtures.identities[1]!, file, signature], 1, 'signature check FAILED')
    await writeFile(file, 'as it is')
    await failing(['idtool', 'verify', open, file, signature], 1, 'signature check FAILED')
    await failing(['idtool', 'verify', open, file, file], 1, 'holds no signature')
    await failing(['idtool', 'sign', open, file], 1, 'has no secret key')
  })

  it('makes a moon of what it was told', async () => {
    const [draft, moon] = [world.path('moon.json'), world.path('a.moon')]
    const printed = await done('idtool', 'initmoon', open)
    const id = fixtures.identities[0]!.slice(0, 10)
    const json = JSON.parse(printed)
    expect(json).toMatchObject({ id, objtype: 'world', worldType: 'moon', updatesMustBeSignedBy: json.signingKey })
    expect(printed).not.toContain(fixtures.identities[0]!.split(':')[3])
    json.roots[0].stableEndpoints = ['192.0.2.1/9993', '2001:db8::1/9993']
    await writeFile(draft, JSON.stringify(json))
    for (let i = 0; i < 2; i++) expect(await done('idtool', 'genmoon', draft, '-o', moon)).toContain(`wrote ${moon}`)
    const shown = JSON.parse(await done('planet', 'show', moon, '-j'))
    expect(shown).toMatchObject({
      type: 'moon',
      id: `000000${id}`,
      signedByThat: true,
      roots: [{ stableEndpoints: ['192.0.2.1/9993', '2001:db8::1/9993'] }],
    })
    for (const [change, cause] of [
      [{ worldType: 'sun' }, 'worldType'],
      [{ id: '0' }, 'id is not'],
      [{ roots: [] }, 'roots'],
      [{ roots: [{ identity: 'nobody' }] }, 'roots[0].identity'],
      [{ roots: [{ ...json.roots[0], stableEndpoints: ['nowhere'] }] }, 'stableEndpoints "nowhere"'],
      [{ signingKey: '00' }, 'signingKey'],
    ] as const) {
      await writeFile(draft, JSON.stringify({ ...json, ...change }))
      await failing(['idtool', 'genmoon', draft, '-o', world.path('none.moon')], 1, cause)
    }
    await writeFile(draft, `{"signingKey_SECRET": ${json.signingKey_SECRET}`)
    const { stderr } = await rxzt(['idtool', 'genmoon', draft])
    expect(stderr).toContain('is no JSON')
    expect(stderr).not.toContain(json.signingKey_SECRET.slice(0, 8))
    await expect(stat(world.path('none.moon'))).rejects.toThrow()
  })
})

describe('planet', () => {
  it('is signed with a key that is made if there is none, and revised with the same', async () => {
    const [planet, next, key] = [world.path('planet'), world.path('planet.2'), world.path('planet.key')]
    const root = ['--root', `${open}=192.0.2.1/9993,2001:db8::1/9993`]
    await done('planet', 'create', planet, '--key', key, ...root)
    expect((await stat(key)).mode & 0o077).toBe(0)
    const shown = JSON.parse(await done('planet', 'show', planet, '-j'))
    expect(shown).toMatchObject({ type: 'planet', signedByThat: true, roots: [{ stableEndpoints: { length: 2 } }] })
    await done('planet', 'create', next, '--key', key, '--id', shown.id, ...root)
    const after = JSON.parse(await done('planet', 'show', next, '-j'))
    expect([after.id, after.updatesMustBeSignedBy]).toEqual([shown.id, shown.updatesMustBeSignedBy])
    expect(after.timestamp).toBeGreaterThan(shown.timestamp)
    expect(await done('planet', 'show', planet)).toContain('signed by that key')
  })

  it('leaves nothing behind when it cannot be made', async () => {
    const [file, key] = [world.path('never'), world.path('never.key')]
    for (const [argv, code, cause] of [
      [['--key', key], 2, 'at least one root'],
      [['--root', `${open}=192.0.2.1/9993`], 2, 'a key that signs it'],
      [['--key', key, '--root', open], 2, 'does not say where it is'],
      [['--key', key, '--root', `${open}=nowhere`], 2, '"nowhere" is no place of a root'],
      [['--key', key, '--root', `${world.path('none')}=192.0.2.1/9993`], 1, 'cannot be read (ENOENT)'],
      [['--key', open, '--root', `${open}=192.0.2.1/9993`], 1, 'is no JSON'],
      [['--key', key, '--root', `${open}=192.0.2.1/9993`, '--id', 'xyz'], 2, 'planet ID "xyz"'],
    ] as const)
      await failing(['planet', 'create', file, ...argv], code, cause)
    await failing(['planet', 'create', open, '--key', key, '--root', `${open}=192.0.2.1/9993`], 1, 'exists already')
    await failing(['planet', 'create', '/nonexistent/p', '--key', key, '--root', `${open}=192.0.2.1/9993`], 1, 'ENOENT')
    for (const one of [file, key]) await expect(stat(one)).rejects.toThrow()
    await failing(['planet', 'show', open], 1, 'is no planet or moon')
  })
})

describe('root', () => {
  it('says what it lacks', async () => {
    const home = await world.home('root')
    await failing(['root', '-D', home], 1, `${home} has no planet`)
    await failing(['root', '-D', home, '--planet-key', world.path('k')], 2, 'nobody would know where this root is')
    await failing(
      ['root', '-D', home, '--planet-key', world.path('k'), '--endpoint', 'x'],
      2,
      '"x" is no place of a root',
    )
    await done(
      'planet',
      'create',
      `${home}/planet`,
      '--key',
      world.path('other'),
      '--root',
      `${fixtures.identities[1]}=192.0.2.1/9`,
    )
    await failing(['root', '-D', home, '--endpoint', '192.0.2.1/9993'], 2, 'has a planet already')
    await failing(['root', '-D', home, '--port', '0', '--udp-address', '127.0.0.1'], 1, 'planet does not name')
  })
  it('leaves no identity and no home where the planet cannot be signed', async () => {
    const place = ['--endpoint', '192.0.2.1/9993']
    const fresh = world.path('fresh-root')
    await failing(['root', '-D', fresh, '--planet-key', open, ...place], 1, 'is no JSON')
    await expect(stat(fresh)).rejects.toThrow('ENOENT')
    const home = world.path('kept-root')
    await mkdir(home)
    await writeFile(`${home}/mine`, '')
    await failing(['root', '-D', home, '--planet-key', '/nonexistent/key', ...place], 1, 'ENOENT')
    expect(await readdir(home)).toEqual(['mine'])
  })
})

describe('adhoc', () => {
  it('prints the ID of a network for ports or for IPv4', async () => {
    expect(await done('adhoc', '80')).toBe('ff00500050000000')
    expect(await done('adhoc', '0', '65535')).toBe('ff0000ffff000000')
    expect(await done('adhoc', '--ipv4', '10', '--hub', '8056c2e21c')).toBe('ff0a8056c2e21c01')
    await failing(['adhoc'], 2, 'either for ports or for IPv4')
    await failing(['adhoc', '80', '--ipv4', '10'], 2, 'either for ports or for IPv4')
    await failing(['adhoc', '90', '80'], 2, 'last port')
    await failing(['adhoc', '--ipv4', '300'], 2, '--ipv4 "300"')
    await failing(['adhoc', '80', '--hub', '8056c2e21c'], 2, '--hub is for --ipv4')
  })
})
