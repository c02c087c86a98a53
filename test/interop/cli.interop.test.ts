import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './namespaces.ts'
import type { OurMember } from './network-member.ts'
import { able, program, Testbed } from './testbed.ts'

/** What the native command line prints when it is pointed at our node; see docs/interop-http.md. */
describe.skipIf(!able)('the native command line on our node', () => {
  let bed: Testbed
  let ours: OurMember
  let network: string
  const cli = (...args: readonly string[]): string =>
    bed.segment.run('x', join(program, 'zerotier-cli'), `-D${bed.segment.home('x')}`, ...args).trim()

  beforeAll(async () => {
    bed = await Testbed.open('native')
    ours = await bed.ours('x', bed.segment.home('x'))
    network = bed.create('10.150.0')
    bed.set(network, ours, { authorized: true })
  })
  afterAll(() => bed.close())

  it('shows the status', () => {
    expect(cli('info')).toMatch(new RegExp(`^200 info ${ours.id} \\d+\\.\\d+\\.\\d+ ONLINE$`))
    expect(cli('status')).toBe(cli('info'))
    expect(JSON.parse(cli('-j', 'info'))).toMatchObject({ address: ours.id, online: true })
  })

  it('joins, lists, sets and gets', async () => {
    expect(cli('join', network)).toBe('200 join OK')
    const line = await eventually(
      'listnetworks',
      () => cli('listnetworks'),
      (lines) => lines.includes(' OK '),
    )
    expect(line).toMatch(
      new RegExp(
        `200 listnetworks ${network} net 10.150.0 (..:){5}.. OK PRIVATE \\S+ fd\\S+/88,10\\.150\\.0\\.\\d+/24`,
      ),
    )
    expect(JSON.parse(cli('set', network, 'allowDefault=1'))).toMatchObject({ allowDefault: true })
    expect(cli('get', network, 'allowDefault')).toBe('1')
    expect(cli('get', network, 'status')).toBe('OK')
    expect(cli('get', network, 'ip4')).toMatch(/^10\.150\.0\.\d+$/)
  })

  it('lists peers and roots', async () => {
    const root = bed.identities['root']!.public.slice(0, 10)
    await eventually(
      'peers',
      () => cli('peers'),
      (lines) => new RegExp(`${root} +\\d+\\.\\d+\\.\\d+ +PLANET +\\d+ +DIRECT`).test(lines),
    )
    expect(cli('listpeers')).toMatch(
      new RegExp(`200 listpeers ${root} ${bed.segment.address('r')}/9993;\\d+;\\d+ \\d+ \\d`),
    )
    expect(JSON.parse(cli('/peer'))).toEqual(expect.arrayContaining([expect.objectContaining({ address: root })]))
  })

  it('dumps what it is asked for in support cases', () => {
    const home = bed.segment.home('x')
    bed.segment.run('x', 'sh', '-c', `cd ${home} && ${join(program, 'zerotier-cli')} -D${home} dump`)
    const dump = readFileSync(join(home, 'zerotier_dump.txt'), 'utf8')
    for (const part of ['status', 'networks', 'peers', ours.id, network]) expect(dump).toContain(part)
  })

  it('orbits and leaves moons', () => {
    const root = bed.identities['root']!.public.slice(0, 10)
    expect(cli('listmoons')).toBe('[]')
    expect(cli('orbit', root, root)).toBe('200 orbit OK')
    expect(cli('deorbit', root)).toBe('200 deorbit OK')
  })

  it('leaves', () => {
    expect(cli('leave', network)).toBe('200 leave OK')
    expect(cli('listnetworks').split('\n')).toHaveLength(1)
  })
})
