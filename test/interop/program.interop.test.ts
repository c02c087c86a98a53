import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseIdentity } from 'rxzt'
import { fixtures } from 'rxzt/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, Segment } from './namespaces.ts'
import { able, program } from './testbed.ts'

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const node = [process.execPath, '--import', 'tsx', cli] as const

/** The program `rxzt` beside the native programs, in a world whose root is `rxzt root`. */
describe.skipIf(!able)('rxzt beside native programs', () => {
  let segment: Segment
  const home = (name: string): string => segment.home(name)
  const rxzt = (host: string, ...args: readonly string[]): string =>
    segment.run(host, ...node, ...args, '-D', home(host)).trim()
  const native = (host: string, ...args: readonly string[]): string =>
    segment.run(host, join(program, 'zerotier-cli'), `-D${home(host)}`, ...args).trim()
  let hosted: string

  beforeAll(async () => {
    segment = new Segment()
    for (const name of ['r', 'u', 'n']) segment.host(name)
    for (const [i, name] of ['r', 'u'].entries()) {
      mkdirSync(home(name))
      writeFileSync(join(home(name), 'identity.secret'), fixtures.identities[i]!, { mode: 0o600 })
    }
    const key = join(segment.folder, 'planet.key')
    rxzt('r', 'root', '--planet-key', key, '--endpoint', `${segment.address('r')}/9993`, '--detach')
    const planet = readFileSync(join(home('r'), 'planet'))
    await segment.native('n', program, parseIdentity(fixtures.identities[2]!), planet)
    rxzt('u', 'up', '--planet', join(home('r'), 'planet'), '--detach')
    for (const name of ['u', 'n'])
      await eventually(
        `${name} online`,
        () => rxzt(name, 'info'),
        (line) => line.endsWith('ONLINE'),
      )
  }, 120_000)
  afterAll(async () => {
    for (const name of ['r', 'u']) process.kill(Number(readFileSync(join(home(name), 'zerotier-one.pid'), 'utf8')))
    await segment.close()
  })

  it('manages the networks of a native controller, and joins them from rxzt up', async () => {
    hosted = rxzt('n', 'controller', 'create', 'name=office', '--subnet', '10.151.0.0/24')
    expect(rxzt('u', 'join', hosted)).toBe('200 join OK')
    const member = JSON.parse(rxzt('u', 'info', '-j')).address
    await eventually(
      'asks to be let in',
      () => rxzt('n', 'controller', 'members', hosted),
      (lines) => lines.includes(`${member}  waits`),
    )
    rxzt('n', 'controller', 'auth', hosted, member, '--name', 'ours')
    expect(rxzt('u', 'join', hosted, '--wait', '--timeout', '30')).toMatch(/^200 join OK 10\.151\.0\.\d+\/24$/)
    rxzt('n', 'controller', 'set', hosted, 'mtu=1400')
    await eventually(
      'the change',
      () => rxzt('u', 'get', hosted, 'mtu'),
      (mtu) => mtu === '1400',
    )
  })

  it('drives a native service with the commands that drive its own', async () => {
    const self = JSON.parse(rxzt('n', 'info', '-j')).address
    rxzt('n', 'controller', 'auth', hosted, self, '--ip', '10.151.0.200')
    expect(rxzt('n', 'join', hosted, '--wait', '--timeout', '60')).toContain('10.151.0.200/24')
    expect(rxzt('n', 'set', hosted, 'allowDNS', '1')).toContain('"allowDNS": true')
    expect(rxzt('n', 'get', hosted, 'ip4')).toBe('10.151.0.200')
    const moon = parseIdentity(fixtures.identities[0]!).id
    expect(rxzt('n', 'orbit', moon, moon)).toBe('200 orbit OK')
    expect(rxzt('n', 'deorbit', moon)).toBe('200 deorbit OK')
  })

  it('prints what the native tool prints, of a service of either make', () => {
    for (const host of ['u', 'n']) {
      for (const command of ['info', 'listnetworks', 'listmoons'])
        expect(rxzt(host, command)).toBe(native(host, command))
      // how long ago something was heard is another number each time
      const steady = (lines: string): string =>
        lines.replace(/;\d+;\d+ \d+ /g, ';_;_ _ ').replace(/ +-?\d+ (\w+ +)\d+ +\d+ +/g, ' _ $1_ ')
      for (const command of ['peers', 'listpeers'])
        expect(steady(rxzt(host, command))).toBe(steady(native(host, command)))
    }
  })

  it('speaks through the node of the running service with a native member', async () => {
    const out = rxzt('u', 'ping', hosted, '10.151.0.200', '-c', '3')
    expect(out).toMatch(/[123] received/)
    expect(native('u', 'info')).toContain('ONLINE')
  })

  it('refuses to be a second node with the identity of a native service', () => {
    const args = ['netns', 'exec', segment.ns('n'), ...node, 'ping', hosted, '10.151.0.200', '-D', home('n')]
    const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
    expect([status, stderr]).toEqual([1, expect.stringContaining('is not `rxzt up`')])
  })
})

describe.skipIf(!able)('rxzt idtool beside zerotier-idtool', () => {
  let segment: Segment
  let folder: string
  beforeAll(() => {
    segment = new Segment()
    folder = segment.folder
  })
  afterAll(() => segment.close())
  const run = (tool: 'ours' | 'native', ...args: readonly string[]): string => {
    const [command, ...before] = tool === 'ours' ? [...node, 'idtool'] : [join(program, 'zerotier-idtool')]
    return execFileSync(command!, [...before, ...args], {
      encoding: 'utf8',
      cwd: tool === 'ours' ? undefined : folder,
    }).trim()
  }

  it.each([
    ['ours', 'native'],
    ['native', 'ours'],
  ] as const)('%s makes what %s reads', (one, other) => {
    const [secret, open, file] = ['secret', 'public', 'file'].map((name) => join(folder, `${one}.${name}`)) as [
      string,
      string,
      string,
    ]
    run(one, 'generate', secret, open)
    for (const path of [secret, open]) expect(run(other, 'validate', path)).toBe(`${path} is a valid identity`)
    expect(run(other, 'getpublic', secret)).toBe(readFileSync(open, 'utf8'))
    writeFileSync(file, `signed by ${one}`)
    const signature = run(one, 'sign', secret, file)
    expect(run(other, 'sign', secret, file)).toBe(signature)
    expect(run(other, 'verify', open, file, signature)).toBe(`${file} signature valid`)

    const draft = join(folder, `${one}.json`)
    writeFileSync(
      draft,
      run(one, 'initmoon', open).replace('"stableEndpoints": []', '"stableEndpoints": ["192.0.2.1/9993"]'),
    )
    const id = readFileSync(open, 'utf8').slice(0, 10)
    const native = join(folder, `000000${id}.moon`)
    run('native', 'genmoon', draft)
    const ours = join(folder, `${one}-ours.moon`)
    run('ours', 'genmoon', draft, '-o', ours)
    // all but the revision and the signature over it
    const rest = (path: string): string => {
      const bytes = readFileSync(path)
      return Buffer.concat([bytes.subarray(0, 9), bytes.subarray(17, 81), bytes.subarray(177)]).toString('hex')
    }
    expect(rest(ours)).toBe(rest(native))
    for (const path of [ours, native])
      expect(execFileSync(node[0], [...node.slice(1), 'planet', 'show', path], { encoding: 'utf8' })).toContain(
        'signed by that key',
      )
  })
})
