import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificate } from '../support/certificate.ts'
import { eventually } from './namespaces.ts'
import { ip4, type Member } from './network-member.ts'
import { able, Testbed } from './testbed.ts'

const POSTGRES = '/usr/lib/postgresql'
const REDIS = '/usr/bin/redis-server'
const SSHD = '/usr/sbin/sshd'
const isInstalled = (name: string): boolean => {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}
const skip = (what: string): false => {
  console.log(`${what} (see docs/interop.md)`)
  return false
}
const has = {
  postgres: (able && existsSync(POSTGRES)) || skip('skipped: no PostgreSQL'),
  redis: (able && existsSync(REDIS)) || skip('skipped: no Redis'),
  sshd: (able && existsSync(SSHD) && isInstalled('ssh2')) || skip('skipped: no OpenSSH server, or no ssh2'),
}

/** The servers run on a host whose kernel is in the network by a native node; the clients in our process, over our stack. */
describe.skipIf(!able)('clients of real servers', () => {
  let bed: Testbed
  let ours: Member
  let host: string
  const folder = mkdtempSync(join(tmpdir(), 'rxzt-servers-'))
  beforeAll(async () => {
    chmodSync(folder, 0o755)
    bed = await Testbed.open('native')
    const native = await bed.native('a')
    ours = await bed.ours('x')
    const network = bed.create('10.131.0')
    await bed.admit(network, [native, ours])
    await bed.acquaint([ours, native])
    host = await ip4(native)
  })
  afterAll(async () => {
    await bed.segment.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const listens = (port: number) =>
    eventually(
      `a server on port ${port}`,
      () => bed.segment.run('a', 'ss', '-Hltn', `sport = :${port}`),
      (out) => out !== '',
    )
  const ask = (name: 'pg' | 'ioredis' | 'ssh2', secret = '') => ours.tell({ do: 'library', name, host, secret })

  it.skipIf(!has.postgres)('pg speaks with PostgreSQL, in the clear and over TLS', async () => {
    const bin = join(POSTGRES, readdirSync(POSTGRES).at(-1)!, 'bin')
    const data = join(folder, 'postgres')
    mkdirSync(data)
    const file = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content, { mode: 0o600 })
      execFileSync('chown', ['postgres', join(folder, name)])
      return join(folder, name)
    }
    execFileSync('chown', ['postgres', data])
    const asPostgres = ['-u', 'postgres', '--']
    const password = file('password', 'not so secret\n')
    const init = ['-D', data, '-A', 'scram-sha-256', '--pwfile', password, '--no-sync']
    execFileSync('runuser', [...asPostgres, join(bin, 'initdb'), ...init], { stdio: 'ignore', cwd: folder })
    writeFileSync(join(data, 'pg_hba.conf'), 'host all all 0.0.0.0/0 scram-sha-256\n')
    const settings = {
      listen_addresses: '*',
      unix_socket_directories: '',
      fsync: 'off',
      ssl: 'on',
      ssl_cert_file: file('server.crt', certificate.cert),
      ssl_key_file: file('server.key', certificate.key),
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    bed.segment.program('a', 'runuser', ...asPostgres, join(bin, 'postgres'), '-D', data, ...options)
    await listens(5432)
    const seen = { sum: 50_005_000, rows: 20_000, same: true, payload: 'hello' }
    expect(await ask('pg', 'not so secret')).toEqual([
      { ssl: false, ...seen },
      { ssl: true, ...seen },
    ])
  })

  it.skipIf(!has.redis)('ioredis speaks with Redis', async () => {
    const open = ['--bind', '0.0.0.0', '--protected-mode', 'no', '--save', '', '--dir', folder]
    bed.segment.program('a', REDIS, '--port', '6379', ...open)
    await listens(6379)
    expect(await ask('ioredis')).toEqual({ same: true, count: '1000', told: ['news', 'hello'] })
  })

  it.skipIf(!has.sshd)('ssh2 runs commands over OpenSSH', async () => {
    for (const name of ['host', 'user'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
    const config = join(folder, 'sshd.conf')
    const lines = [
      'Port 22',
      `HostKey ${join(folder, 'host')}`,
      `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      `PidFile ${join(folder, 'sshd.pid')}`,
    ]
    writeFileSync(config, lines.join('\n'))
    mkdirSync('/run/sshd', { recursive: true })
    bed.segment.program('a', SSHD, '-D', '-f', config)
    await listens(22)
    const result = await ask('ssh2', readFileSync(join(folder, 'user'), 'utf8'))
    expect(result).toMatchObject({
      same: true,
      said: expect.stringMatching(/^10\.131\.0\.\d+ \d+ 10\.131\.0\.\d+ 22\n$/),
    })
  })
})
