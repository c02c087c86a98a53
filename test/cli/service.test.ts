import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNetwork } from '../../src/cli/open-network.ts'
import { Output } from '../../src/cli/output.ts'
import { rxzt, start } from './harness.ts'
import { done, World } from './world.ts'

let world: World
let planet: string
let a: string
let b: string
let nwid: string

beforeAll(async () => {
  world = await World.create()
  planet = await world.root()
  a = await world.up('a', planet)
  nwid = await done('controller', 'create', '-D', a, 'name=office', '--subnet', '10.147.17.0/24')
  await done('controller', 'auth', nwid, await world.id(a), '-D', a, '--ip', '10.147.17.1', '--name', 'host')
  await done('join', nwid, '-D', a, '--wait')
  b = await world.up('b', planet, '--join', nwid)
}, 60_000)
afterAll(() => world.close())

const columns = async (command: string, home: string): Promise<readonly (readonly string[])[]> =>
  (await done(command, '-D', home)).split('\n').map((line) => line.trim().split(/ +/))

/** What a command that carries traffic is called with. */
const traffic = (home: string) => {
  const io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: {},
    version: () => '0.0.0-test',
    interrupted: () => new AbortController().signal,
  }
  const options = { home, json: false, verbose: false, planet: undefined, timeout: 10_000 }
  const { planet: _, ...known } = options
  return { operands: [] as const, options: known, io, out: new Output(io, { ...known, color: 'never' }) }
}

describe('a service', () => {
  it('has token, port, pid and socket in its home directory, each for its owner alone where it opens something', async () => {
    for (const name of ['authtoken.secret', 'rxzt.sock']) expect((await stat(join(a, name))).mode & 0o077).toBe(0)
    expect(Number(await readFile(join(a, 'zerotier-one.pid'), 'utf8'))).toBe(process.pid)
    expect(Number(await readFile(join(a, 'zerotier-one.port'), 'utf8'))).toBeGreaterThan(0)
  })

  it('tells who it is in the columns of the native tool', async () => {
    const id = await world.id(a)
    for (const name of ['info', 'status']) expect(await done(name, '-D', a)).toBe(`200 info ${id} 1.14.1 ONLINE`)
    expect(JSON.parse(await done('info', '-D', a, '-j'))).toMatchObject({ address: id, online: true })
  })

  it('holds back a member until it is let in, and says whom to ask', async () => {
    const id = await world.id(b)
    const early = await rxzt(['join', nwid, '-D', b, '--wait', '--timeout', '0'])
    expect(early.code).toBe(1)
    expect(early.stderr).toMatch(/is not ready in time: (ACCESS_DENIED|REQUESTING_CONFIGURATION)/)
    await done('controller', 'auth', nwid, id, '-D', a)
    const joined = await done('join', nwid, '-D', b, '--wait', '--timeout', '30')
    expect(joined).toMatch(/^200 join OK 10\.147\.17\.\d+\/24$/)
    const list = (await done('controller', 'members', nwid, '-D', a, '-j')).split('\n').map((line) => JSON.parse(line))
    expect(list.find((one) => one.id === id)).toMatchObject({ authorized: true })
  })

  it('lists networks and peers in the columns of the native tool', async () => {
    const [head, network] = await columns('networks', b)
    expect(head?.join(' ')).toBe('200 listnetworks <nwid> <name> <mac> <status> <type> <dev> <ZT assigned ips>')
    expect(network?.slice(0, 4)).toEqual(['200', 'listnetworks', nwid, 'office'])
    expect(network?.slice(5, 8)).toEqual(['OK', 'PRIVATE', '-'])
    const [, , ...peers] = await columns('peers', b)
    expect(peers.map(([id, version, role]) => [id, version, role])).toContainEqual([
      await world.id(world.path('root')),
      '1.14.1',
      'PLANET',
    ])
    const [listed, ...others] = await columns('listpeers', b)
    expect(listed?.join(' ')).toBe('200 listpeers <ztaddr> <path> <latency> <version> <role>')
    expect(others.every((line) => line.length === 7 && /^(-|[\d.]+\/\d+;-?\d+;-?\d+)$/.test(line[3]!))).toBe(true)
    expect(await done('moons', '-D', b)).toBe('[]')
  })

  it('gets and sets what a network may do, and nothing else', async () => {
    expect(await done('get', nwid, 'name', '-D', b)).toBe('office')
    expect(await done('get', nwid, 'ip4', '-D', a)).toBe('10.147.17.1')
    expect(await done('get', nwid, 'ip6', '-D', a)).toBe('')
    for (const [words, value] of [
      [['allowDefault', 'true'], '1'],
      [['allowDefault=0'], '0'],
    ] as const) {
      await done('set', nwid, ...words, '-D', b)
      expect(await done('get', nwid, 'allowDefault', '-D', b)).toBe(value)
    }
    for (const [argv, code, cause] of [
      [['get', nwid, 'nope'], 2, 'has no property "nope"'],
      [['get', '8056c2e21c000001', 'name'], 1, 'network 8056c2e21c000001 is not joined'],
      [['set', '8056c2e21c000001', 'allowDNS=1'], 1, 'network 8056c2e21c000001 is not joined'],
      [['set', nwid, 'allowdns=1'], 2, 'there is no setting "allowdns"'],
      [['set', nwid, 'allowDNS=maybe'], 2, 'allowDNS "maybe" is neither yes nor no'],
      [['set', nwid, 'allowDNS'], 2, 'allowDNS has no value'],
    ] as const) {
      const ran = await rxzt([...argv, '-D', b])
      expect([ran.code, ran.stdout, ran.stderr]).toEqual([code, '', expect.stringContaining(cause)])
    }
    expect((await columns('networks', b)).length).toBe(2)
  })

  it('waits until it is interrupted, and says that', async () => {
    const waiting = start(['join', '1122334455000001', '--wait', '-D', b], { terminal: true })
    await waiting.until('network 1122334455000001: REQUESTING_CONFIGURATION')
    waiting.interrupt()
    const { code, stdout, stderr } = await waiting.ended
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('interrupted')])
    await done('leave', '1122334455000001', '-D', b)
  })

  it('goes into orbit of a moon and leaves it', async () => {
    expect(await done('orbit', '000000deadbeef00', '1122334455', '-D', b)).toBe('200 orbit OK')
    expect(await done('deorbit', 'deadbeef00', '-D', b)).toBe('200 deorbit OK')
  })

  it('lends its node to commands that carry traffic, to several at once', async () => {
    const [one, two, other] = await Promise.all([
      openNetwork(traffic(a), nwid),
      openNetwork(traffic(a), nwid),
      openNetwork(traffic(b), nwid),
    ])
    expect([one.own, two.own, other.own]).toEqual([false, false, false])
    expect(one.node.id).toBe(await world.id(a))
    expect(one.node.identity.hasSecret).toBe(false)
    const answered: string[] = []
    for (const [opened, port] of [
      [one, 7001],
      [two, 7002],
    ] as const) {
      const server = await opened.network.listen({ port })
      const [client, accepted] = await Promise.all([
        other.network.connect({ host: '10.147.17.1', port }),
        (async () => {
          for await (const connection of server) return connection
          throw new Error('nobody came')
        })(),
      ])
      await client.write(new TextEncoder().encode(`to ${port}`))
      for await (const part of accepted) {
        answered.push(new TextDecoder().decode(part))
        break
      }
      await client.close()
    }
    expect(answered).toEqual(['to 7001', 'to 7002'])

    // what one leaves open ends with it, and the port is free for the next; the node and the others go on
    await one[Symbol.asyncDispose]()
    const again = await two.network.listen({ port: 7001 })
    await again.close()
    for (const opened of [two, other]) await opened[Symbol.asyncDispose]()
    expect(await done('info', '-D', a)).toContain('ONLINE')
  })

  it('is left as it was by a command that could not get into a network', async () => {
    const stray = `${await world.id(a)}000fff`
    const { code, stdout, stderr } = await rxzt(['ping', '-D', b, stray, '10.147.17.1'])
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([1, '', expect.stringContaining(stray)])
    expect(await done('networks', '-D', b)).not.toContain(stray)
    expect(await done('networks', '-D', b)).toContain(nwid)
  })

  it('ends a connection when the command that held it is gone', async () => {
    const [served, client] = await Promise.all([openNetwork(traffic(a), nwid), openNetwork(traffic(b), nwid)])
    const server = await served.network.listen({ port: 7003 })
    const [connection, accepted] = await Promise.all([
      client.network.connect({ host: '10.147.17.1', port: 7003 }),
      (async () => {
        for await (const one of server) return one
        throw new Error('nobody came')
      })(),
    ])
    await client[Symbol.asyncDispose]()
    await expect(
      (async () => {
        for await (const _ of accepted);
      })(),
    ).resolves.toBeUndefined()
    await expect(connection.closed).rejects.toThrow()
    await served[Symbol.asyncDispose]()
  })

  it('changes networks of its controller, and says what became of it', async () => {
    expect(await done('controller', 'set', nwid, 'mtu=1400', 'name=renamed', '-D', a)).toBe(
      `${nwid} changed: mtu, name`,
    )
    const bent = await rxzt(['controller', 'set', nwid, 'mtu=99999', '-D', a])
    expect([bent.code, bent.stderr]).toEqual([0, 'the controller made 10000 of mtu=99999\n'])
    const id = await world.id(b)
    await done('controller', 'set', nwid, '-m', id, 'ipAssignments=["10.147.17.9"]', 'name=42', '-D', a)
    const member = (await done('controller', 'members', nwid, '-D', a)).split('\n').find((one) => one.startsWith(id))
    expect(member).toMatch(/^\w{10} {2}authorised {2}\S+ +10\.147\.17\.9 +42$/)
    const rules = world.path('rules')
    await writeFile(rules, 'drop not ethertype ipv4 and not ethertype arp;\naccept;\n')
    expect(await done('controller', 'set', nwid, '--rules', rules, '-D', a)).toContain('rules')
    await writeFile(rules, 'accept;\nnonsense 42;\n')
    for (const [argv, cause] of [
      [['set', nwid, '--rules', rules], `${rules}: line 2, column`],
      [['set', nwid, 'mut=1400'], 'there is no field "mut"'],
      [['set', nwid, 'mtu=big'], 'mtu'],
      [['set', nwid], 'there is nothing to change'],
      [['create', '--subnet', '10.0.0.1/31'], 'subnet "10.0.0.1/31" is not valid'],
    ] as const) {
      const ran = await rxzt(['controller', ...argv, '-D', a])
      expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringContaining(cause)])
    }
    for (const argv of [
      ['set', '8056c2e21c000001', 'mtu=1400'],
      ['auth', '8056c2e21c000001', id],
      ['members', '8056c2e21c000001'],
      ['delete', '8056c2e21c000001'],
    ]) {
      const ran = await rxzt(['controller', ...argv, '-D', a])
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('does not exist on this controller')])
    }
    expect((await done('controller', 'list', '-D', a)).split('\n')).toHaveLength(2)
  })

  it('puts a member out, forgets it, and deletes a network', async () => {
    const id = await world.id(b)
    expect(await done('controller', 'deauth', nwid, id, '-D', a)).toBe(`${id} put out of ${nwid}`)
    const second = await done('controller', 'create', 'private=false', '-D', a)
    expect(second).toMatch(new RegExp(`^${await world.id(a)}[0-9a-f]{6}$`))
    await done('controller', 'auth', second, '1122334455', '-D', a)
    expect(await done('controller', 'delete', second, '1122334455', '-D', a)).toBe('1122334455 forgotten')
    expect((await rxzt(['controller', 'delete', second, '1122334455', '-D', a])).stderr).toContain('knows no member')
    expect(await done('controller', 'delete', second, '-D', a)).toBe(`${second} deleted`)
  })

  it('leaves a network, joined or not, and joins an ad-hoc one', async () => {
    for (let i = 0; i < 2; i++) expect(await done('leave', nwid, '-D', b)).toBe('200 leave OK')
    expect(await done('adhoc', '80', '90', '--join', '-D', b)).toBe('ff0050005a000000')
    expect((await columns('networks', b)).map((line) => line[2])).toEqual(['<nwid>', 'ff0050005a000000'])
  })

  it('keeps its home and its port to itself', async () => {
    const port = String(JSON.parse(await done('info', '-D', a, '-j')).config.settings.primaryPort)
    const second = await rxzt(['up', '-D', a, '--port', '0'])
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`${a} is in use by process`)])
    const home = await world.home('late')
    const busy = await rxzt(['up', '-D', home, '--port', port, '--udp-address', '127.0.0.1'])
    expect([busy.code, busy.stderr]).toEqual([
      1,
      expect.stringContaining(`UDP port ${port} cannot be bound on 127.0.0.1`),
    ])
    const api = await readFile(join(a, 'zerotier-one.port'), 'utf8')
    const spoken = await rxzt(['up', '-D', home, '--port', '0', '--api-port', api, '--udp-address', '127.0.0.1'])
    expect([spoken.code, spoken.stderr]).toEqual([1, expect.stringMatching(new RegExp(`${api}.*EADDRINUSE`))])
    // nothing of those that failed runs on, and the directory can be used
    expect((await readdir(home)).filter((name) => /lock|sock|pid/.test(name))).toEqual([])
  })
})

describe('a home directory that is damaged', () => {
  it.each([
    ['identity.secret', 'nobody', 'is no secret identity'],
    ['planet', 'nowhere', 'is no planet'],
    ['local.conf', '{', 'local.conf is no JSON object'],
  ])('starts no service: %s', async (file, text, cause) => {
    const home = await world.home(`damaged ${file}`)
    await writeFile(join(home, file), text)
    const { code, stderr } = await rxzt(['up', '-D', home, '--port', '0', '--udp-address', '127.0.0.1'])
    expect(code).toBe(1)
    const [first, second, ...more] = stderr.trimEnd().split('\n')
    expect(first).toContain(cause)
    expect([second?.trim().length ?? 0, more]).toEqual([expect.any(Number), []])
    expect(await readFile(join(home, file), 'utf8')).toBe(text)
    expect((await readdir(home)).filter((name) => /lock|sock|pid/.test(name))).toEqual([])
  })
})

describe('the socket of a service', () => {
  const speak = async (first: string, then?: Buffer): Promise<string> => {
    const socket = connect(join(a, 'rxzt.sock'))
    let heard = ''
    socket.on('data', (data: Buffer) => {
      heard += data.toString('latin1')
      if (then !== undefined && heard.includes('\n')) socket.write(then)
    })
    socket.on('error', () => undefined)
    socket.write(first)
    await new Promise((resolve) => socket.once('close', resolve))
    return heard
  }
  it('lets in only who has the token and is of the same version', async () => {
    const token = await readFile(join(a, 'authtoken.secret'), 'utf8')
    const hello = (version: string, shown: string) => `${JSON.stringify({ version, token: shown })}\n`
    expect(JSON.parse(await speak(hello('0.0.0-test', 'guess')))).toMatchObject({ refused: 'token' })
    expect(JSON.parse(await speak(hello('0.0.1', token)))).toMatchObject({ refused: 'version', version: '0.0.0-test' })
    expect(await speak('no JSON\n')).toBe('')
    expect(await speak('x'.repeat(5000))).toBe('')
    // what makes no sense ends the connection, and nothing else
    const nonsense = Buffer.from([0, 0, 0, 4, 1, 2, 3, 4])
    const huge = Buffer.from([255, 255, 255, 255])
    for (const then of [nonsense, huge]) expect(await speak(hello('0.0.0-test', token), then)).toContain('0.0.0-test')
    expect(await done('info', '-D', a)).toContain('ONLINE')
  })
})

describe('a service that is not there, or not ours', () => {
  it.each([
    [
      'dead',
      { 'authtoken.secret': 'x', 'zerotier-one.port': '1' },
      'no service answers on 127.0.0.1:1 (ECONNREFUSED)',
      'rxzt up -D',
    ],
    ['no port', { 'authtoken.secret': 'x', 'zerotier-one.port': 'nine' }, 'zerotier-one.port holds no port', 'with -p'],
    ['never was', {}, 'there is no authtoken.secret', 'rxzt up -D'],
  ])('is said so: %s', async (name, files, cause, cure) => {
    const home = await world.home(`gone ${name}`)
    for (const [file, text] of Object.entries(files)) await writeFile(join(home, file), text)
    for (const argv of [['info'], ['join', nwid], ['controller', 'list']]) {
      const { code, stdout, stderr } = await rxzt([...argv, '-D', home])
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr.split('\n')[0]).toContain(cause)
      expect(stderr.split('\n')[1]).toContain(cure)
    }
  })

  it('refuses a wrong token', async () => {
    const { code, stderr } = await rxzt(['info', '-D', a, '-T', 'wrong'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('refused the token')])
    expect(stderr).not.toContain('wrong')
  })

  it.each([
    ['no JSON', 200, '<html>', 'it sent no JSON'],
    ['an error', 500, '{"description":"the disk is full"}', 'answered GET /status with 500: the disk is full'],
    ['nothing of ours', 404, '', 'answered GET /status with 404'],
  ])('may answer with %s', async (_, status, body, cause) => {
    const server = createServer((__, response) => response.writeHead(status).end(body))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await rxzt(['info', '-T', 'x', '-p', String(port)])
    server.close()
    expect([code, stderr]).toEqual([1, expect.stringContaining(cause)])
  })

  it('has a token that cannot be read', async () => {
    const home = await world.home('foreign')
    await mkdir(join(home, 'authtoken.secret'))
    for (const argv of [['info'], ['ping', nwid, '10.147.17.1']]) {
      const { code, stderr } = await rxzt([...argv, '-D', home])
      expect([code, stderr.split('\n')[0]]).toEqual([1, expect.stringContaining('cannot be read (EISDIR)')])
      expect(stderr.split('\n')[1]).toContain('run as the user of the service')
    }
  })
})
