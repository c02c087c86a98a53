import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixtures } from '../../../src/testing.node.ts'
import { type Loopback, loopback } from '../../support/loopback.ts'
import { type Ran, rxzt } from '../harness.ts'

/** A planet, a controller and two members on loopback; the network lets everybody in. */
let world: Loopback
let folder: string
/** A home directory that a node has been in. */
let home: string
beforeAll(async () => {
  world = await loopback()
  folder = await mkdtemp(join(tmpdir(), 'rxzt-doctor-'))
  home = await mkdtemp(join(tmpdir(), 'rxzt-doctor-home-'))
  await writeFile(join(home, 'identity.secret'), fixtures.identities[7]!, { mode: 0o600 })
  for (const one of [folder, home]) await writeFile(join(one, 'planet'), world.planet)
})
afterAll(async () => {
  await world.close()
  for (const one of [folder, home]) await rm(one, { recursive: true })
})

const doctor = (at: string, port: number, ...more: readonly string[]): Promise<Ran> =>
  rxzt(['doctor', '-D', at, '--udp-address', '127.0.0.1', '--udp-port', String(port), ...more])

describe('rxzt doctor', () => {
  it('says what it saw, and that nothing is wrong', async () => {
    const { code, stdout, stderr } = await doctor(folder, 0, world.hosted.id, world.a.address(4)!)
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/nothing is wrong\n$/) })
    expect(stdout).toMatch(/^node {5}[0-9a-f]{10}, online, bound to 127\.0\.0\.1:\d+/)
    expect(stdout).toMatch(/\nroots {4}1 of 1 answer/)
    expect(stdout).toMatch(new RegExp(`\nnetwork  ${world.hosted.id}.*: ready, `))
    expect(stdout).toMatch(new RegExp(`\nhost     ${world.a.address(4)} .* ms direct\n`))
    expect(stderr).toContain('has no identity: this looks at a new node, of which nothing is kept')
  })

  it('leaves the home directory as it was', async () => {
    expect(await readdir(folder)).toEqual(['planet'])
  })

  it('names cause and cure of what is wrong, and fails', async () => {
    const taken = world.root.info.ports.primary
    const { code, stdout } = await doctor(home, taken)
    expect(code).toBe(1)
    expect(stdout).toMatch(new RegExp(`\n✗ UDP port ${taken} cannot be bound .*\n {2}find out who has it with `))
  })

  it('tells programs the same as one JSON document', async () => {
    const { code, stdout } = await doctor(home, 0, `${world.hosted.id.slice(0, 10)}000000`, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [{ cause: 'wrong-network', what: expect.any(String), cure: expect.any(String) }],
      node: { online: true },
    })
  })

  it('refuses what is no network ID, and a planet that is not there', async () => {
    expect((await doctor(home, 0, 'abc')).code).toBe(2)
    const { code, stderr } = await doctor(home, 0, '--planet', join(folder, 'nothing'))
    expect(code).toBe(1)
    expect(stderr).toContain('cannot be read (ENOENT)')
  })
})
