import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { failureOf } from '../../src/cli/failure.ts'
import { networkId, nodeId, portOf, seconds, worldId } from '../../src/cli/operand.ts'
import { ArgumentError, NodeError } from '../../src/index.node.ts'
import { rxzt } from './harness.ts'

describe('the command line', () => {
  it('prints its version, and nothing else', async () => {
    for (const flag of ['--version', '-V'])
      expect(await rxzt([flag])).toEqual({ code: 0, stdout: '0.0.0-test\n', stderr: '' })
  })

  it('lists every command in its help', async () => {
    const { code, stdout, stderr } = await rxzt(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    for (const { name, summary } of commands) {
      expect(stdout).toContain(`  ${name}`)
      expect(stdout.replace(/\s+/g, ' ')).toContain(summary)
    }
  })

  it('shows that help on stderr to whoever names no command, as a wrong call', async () => {
    const { code, stdout, stderr } = await rxzt([])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: rxzt')
  })

  it.each(commands.map(({ name }) => name))('teaches %s', async (name) => {
    const { code, stdout, stderr } = await rxzt([name, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`Usage: rxzt ${name}`)
    expect(stdout).toContain('-D, --home')
    expect((await rxzt(['help', name])).stdout).toBe(stdout)
  })

  it('teaches a command of a group, however it is asked', async () => {
    const { stdout } = await rxzt(['idtool', 'sign', '--help'])
    expect(stdout).toContain('Usage: rxzt idtool sign')
    for (const argv of [
      ['help', 'idtool', 'sign'],
      ['idtool', 'help', 'sign'],
      ['-D', '/x', 'help', 'idtool', 'sign'],
    ])
      expect((await rxzt(argv)).stdout).toBe(stdout)
  })

  it.each([
    [['inof'], "unknown command 'inof'", 'did you mean info?'],
    [['contoller', 'list'], "unknown command 'contoller'", 'did you mean controller?'],
    [['idtool', 'genrate'], "unknown command 'genrate'", 'did you mean generate?'],
    [['help', 'inof'], "unknown command 'inof'", 'did you mean info?'],
    [['inof', '--help'], "unknown command 'inof'", 'did you mean info?'],
    [['idtool', 'sign', '--jsn'], "unknown option '--jsn'", '`rxzt idtool sign --help`'],
    [['-D', '/tmp', 'join'], "missing required argument 'nwid'", '`rxzt join --help`'],
    [['toString'], "unknown command 'toString'", '`rxzt --help`'],
    [['idtool', 'toString'], "unknown command 'toString'", '`rxzt idtool --help`'],
    [['info', '--jsn'], "unknown option '--jsn'", 'did you mean --json?'],
    [['join'], "missing required argument 'nwid'", '`rxzt join --help`'],
    [['info', 'surplus'], 'too many arguments', '`rxzt info --help`'],
    [['up', '--port'], 'argument missing', '`rxzt up --help`'],
    [['up', '--log-level', 'loud'], "option '--log-level <level>' argument 'loud' is invalid", '`rxzt up --help`'],
  ])('%j is answered with the cause and the cure, and exit code 2', async (argv, cause, cure) => {
    const { code, stdout, stderr } = await rxzt(argv)
    expect([code, stdout]).toEqual([2, ''])
    const [first, second, ...more] = stderr.trimEnd().split('\n')
    expect(first).toMatch(/^rxzt: /)
    expect(first).toContain(cause)
    expect(second).toContain(cure)
    expect(more).toEqual([])
  })

  it('says errors as JSON where results are', async () => {
    const { code, stderr } = await rxzt(['join', 'nope', '-T', 'x', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toEqual({ error: 'network ID "nope" is not 16 hex digits', cure: expect.any(String) })
  })

  it('understands the common options before a command and after it', async () => {
    const home = await mkdtemp(join(tmpdir(), 'rxzt-cli-'))
    const said = `no service has run in ${home}: there is no authtoken.secret`
    for (const argv of [
      ['-D', home, 'info'],
      ['info', '-D', home],
      ['info', `--home=${home}`],
    ]) {
      const { code, stderr } = await rxzt(argv)
      expect([code, stderr]).toEqual([1, expect.stringContaining(said)])
    }
    expect((await rxzt(['info'], { env: { RXZT_HOME: home } })).stderr).toContain(said)
    expect((await rxzt(['info'], { env: { HOME: home } })).stderr).toContain(`${home}/.rxzt`)
  })

  it('colours on a terminal alone, and never against the wishes of its user', async () => {
    const isColoured = async (argv: readonly string[], surroundings: Parameters<typeof rxzt>[1]): Promise<boolean> =>
      (await rxzt(['info', ...argv], surroundings)).stderr.includes('\u001b[')
    expect(await isColoured([], {})).toBe(false)
    expect(await isColoured([], { terminal: true })).toBe(true)
    expect(await isColoured([], { terminal: true, env: { NO_COLOR: '1' } })).toBe(false)
    expect(await isColoured([], { terminal: true, env: { TERM: 'dumb' } })).toBe(false)
    expect(await isColoured(['--color', 'never'], { terminal: true })).toBe(false)
    expect(await isColoured([], { env: { FORCE_COLOR: '1' } })).toBe(true)
    expect(await isColoured(['--color=always'], {})).toBe(true)
  })

  it('loads no command for its version, and no node and no cipher for its help', async () => {
    // the files that a command needs are named inside its functions; what they import at the top is for every call
    const seen = new Set<string>()
    const foreign: string[] = []
    const visit = async (file: URL): Promise<void> => {
      if (seen.has(file.href)) return
      seen.add(file.href)
      const text = await readFile(file, 'utf8')
      for (const [, name = ''] of text.matchAll(/^(?:import|export) (?!type )[^;]*? from '([^']+)'/gm))
        if (name.startsWith('.')) {
          if (/\/(index\.node|node|controller\.node|testing\.node|pcap)\.ts$/.test(name))
            foreign.push(`${file.pathname} → ${name}`)
          else await visit(new URL(name, file))
        } else if (!name.startsWith('node:') && name !== 'commander') foreign.push(`${file.pathname} → ${name}`)
    }
    const source = new URL('../../src/cli/', import.meta.url)
    await visit(new URL('run.ts', source))
    expect(seen.size).toBeLessThan(3)
    await visit(new URL('execute.ts', source))
    expect(seen.size).toBeGreaterThan(commands.length)
    expect(foreign).toEqual([])
  })
})

describe('operands', () => {
  it('are taken in either case, and refused with what is wrong with them', () => {
    expect(networkId('8056C2E21C000001')).toBe('8056c2e21c000001')
    expect(() => networkId('8056c2e21c')).toThrow('network ID "8056c2e21c" is not 16 hex digits')
    expect(nodeId('8056C2E21C')).toBe('8056c2e21c')
    expect(() => nodeId('nobody')).toThrow('node ID "nobody" is not 10 hex digits')
    expect(worldId('000000DEADBEEF00')).toBe('deadbeef00')
    expect(worldId('0000000000000001')).toBe('0000000001')
    expect(portOf('65535')).toBe(65_535)
    for (const text of ['0', '65536', '-1', '8e1', '0x50', '', '80 ']) expect(() => portOf(text)).toThrow('is no port')
    expect(seconds('--wait')('0.5')).toBe(500)
    for (const text of ['-1', 'soon', '1e3', '99999999']) expect(() => seconds('--wait')(text)).toThrow('is no time')
  })
})

describe('failures', () => {
  it('take cause and cure from errors of the library', () => {
    const { message, cure, code } = failureOf(new NodeError('ERR_ZT_BIND', 'port 1 is taken — choose another'))
    expect([message, cure, code]).toEqual(['port 1 is taken', 'choose another', 1])
    expect(failureOf(new ArgumentError('ERR_ZT_INVALID_ID', 'id is wrong — copy it')).code).toBe(2)
  })
  it('ask for a report where nobody foresaw them', () => {
    expect(failureOf(new TypeError('x is not a function'))).toMatchObject({
      code: 1,
      cure: expect.stringContaining('report'),
    })
  })
})
