import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixtures } from '../../src/testing.node.ts'

const folder = mkdtempSync(join(tmpdir(), 'rxzt-process-'))
const program = join(folder, 'dist/cli.js')
const home = join(folder, 'home')
const environment = { ...process.env, RXZT_HOME: home }
const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The program as it is installed: built, beside its package.json. */
beforeAll(async () => {
  symlinkSync(inRepository('node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), readFileSync(inRepository('package.json')))
  await build({
    entryPoints: [inRepository('src/cli.ts')],
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  })
  const planet = join(folder, 'planet')
  const roots = ['--root', `${fixtures.identities[1]}=127.0.0.1/9`]
  execFileSync(process.execPath, [program, 'planet', 'create', planet, '--key', join(folder, 'key'), ...roots])
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const up = ['up', '--planet', join(folder, 'planet'), '--port', '0', '--api-port', '0', '--udp-address', '127.0.0.1']
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: environment })
const said = (child: ChildProcess, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let heard = ''
    child.stdout?.on('data', (data: Buffer) => {
      heard += data.toString()
      if (heard.includes(text)) resolve()
    })
    child.once('exit', () => reject(new Error(heard)))
  })
const exit = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('exit', resolve))

describe('the program in a process of its own', () => {
  it('has the version of its package', () => {
    const { version } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'))
    expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('ends with the exit code of the command, and with 0 when its reader goes away', () => {
    expect(run('info').status).toBe(1)
    expect(run('inof').status).toBe(2)
    const script = `"$0" "$1" completion bash | head -1; echo "\${PIPESTATUS[0]}"`
    const piped = spawnSync('bash', ['-c', script, process.execPath, program], { encoding: 'utf8' })
    expect(piped.stdout).toMatch(/^# completion.*\n0\n$/)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends a service in good order on %s, and not on SIGHUP', async (signal) => {
    const service = spawn(process.execPath, [program, ...up, '--ephemeral'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await said(service, 'API on')
    service.kill('SIGHUP')
    const down = said(service, 'node/down')
    const ended = exit(service)
    service.kill(signal)
    await down
    expect(await ended).toBe(0)
  })

  it('goes on in the background, where its commands find it', async () => {
    execFileSync('mkdir', ['-m', '700', home])
    writeFileSync(join(home, 'identity.secret'), fixtures.identities[0]!, { mode: 0o600 })
    const started = run(...up, '--detach')
    expect(started).toMatchObject({ status: 0, stderr: '' })
    const pid = Number(readFileSync(join(home, 'zerotier-one.pid'), 'utf8'))
    expect(started.stdout).toBe(`running as process ${pid}; it prints to ${join(home, 'rxzt.log')}\n`)
    expect(run('info').stdout).toBe(`200 info ${fixtures.identities[0]!.slice(0, 10)} 1.14.1 OFFLINE\n`)
    const second = run(...up, '--detach')
    expect(second).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining(`in use by process ${pid}`) })
    process.kill(pid)
    // the socket is closed before the process has ended
    let gone = run('info')
    while (gone.status === 0) gone = run('info')
    expect(gone.stderr).toMatch(/no service answers on 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/)
  })

  it('tells on the terminal why it could not go to the background', () => {
    writeFileSync(join(home, 'local.conf'), '{')
    let failed = run(...up, '--detach')
    while (failed.stderr.includes('in use by process')) failed = run(...up, '--detach')
    expect(failed).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('local.conf is no JSON object'),
    })
  })
})
