import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createController, createMoon, createSigningKey } from '../../../src/controller.node.ts'
import { memoryStore, type ZtNode } from '../../../src/index.node.ts'
import { type LocalApiOptions, serveLocalApi } from '../../../src/node.ts'
import { fixtures, virtualNet } from '../../../src/testing.node.ts'
import { Served } from './served.ts'

let at: Served
beforeAll(async () => {
  at = await Served.start(41)
})
afterAll(async () => {
  await at[Symbol.asyncDispose]()
})
const unknown = { status: 404, text: '' }

describe('the local API', () => {
  it('is on loopback of both families, with its port and token in the home directory', async () => {
    expect(at.api.addresses).toContain('127.0.0.1')
    expect(at.api.addresses.every((address) => ['127.0.0.1', '::1'].includes(address))).toBe(true)
    expect(await readFile(join(at.home, 'zerotier-one.port'), 'utf8')).toBe(String(at.api.port))
    for (const name of ['authtoken.secret', 'metricstoken.secret']) {
      expect(await readFile(join(at.home, name), 'utf8')).toMatch(/^[a-z0-9]{24}$/)
      expect((await stat(join(at.home, name))).mode & 0o777).toBe(0o600)
    }
  })

  it('takes the token three ways, and answers {} to who has none', async () => {
    const { token } = at.api
    for (const headers of [{ 'X-ZT1-Auth': token }, { Authorization: `Bearer ${token}` }])
      expect(await at.ask('GET', '/network', undefined, headers)).toMatchObject({ status: 200, text: '[]' })
    expect((await at.ask('GET', `/status?auth=${token}`, undefined, {})).status).toBe(200)
    for (const path of ['/status', '/nope', '/controller', '/metrics'])
      expect(await at.ask('GET', path, undefined, {})).toMatchObject({
        status: 401,
        json: {},
        type: 'application/json',
      })
    expect((await at.ask('GET', '/health', undefined, {})).status).toBe(200)
  })

  it('knows no other paths and no other methods', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/nope'],
      ['GET', '/status/'],
      ['GET', '/STATUS'],
      ['POST', '/status'],
      ['PATCH', '/status'],
      ['OPTIONS', '/status'],
      ['POST', '/network/zz'],
      ['GET', '/network/123'],
      ['GET', '/moon/xyz'],
    ] as const)
      expect(await at.ask(method, path)).toMatchObject(unknown)
  })

  it('shows the status', async () => {
    const { json } = await at.ask('GET', '/status')
    expect(json).toMatchObject({
      address: at.node.id,
      publicIdentity: at.node.identity.public,
      online: true,
      tcpFallbackActive: false,
      version: '1.14.1',
      versionMajor: 1,
      versionMinor: 14,
      versionRev: 1,
      versionBuild: 0,
      clock: Math.floor(at.net.now),
      planetWorldTimestamp: expect.any(Number),
      config: { settings: { homeDir: at.home, primaryPort: expect.any(Number), listeningOn: expect.any(Array) } },
    })
    expect(Object.keys(json)).toEqual(Object.keys(json).sort())
    expect(JSON.stringify(json)).not.toContain(at.node.identity.exportSecret().split(':')[3])
    expect((await at.ask('HEAD', '/status')).status).toBe(200)
    expect((await at.ask('GET', '/health')).json).toMatchObject({ online: true, versionBuild: 0 })
  })

  it('wraps answers for web pages', async () => {
    const answer = await at.ask('GET', '/network?jsonp=cb')
    expect(answer).toMatchObject({ status: 200, type: 'application/javascript', text: 'cb([]);' })
    expect((await at.ask('GET', '/network?jsonp=alert(1)')).status).toBe(400)
  })

  it('joins, allows and leaves networks as native nodes do', async () => {
    const { id } = await at.controller.create({
      name: 'home',
      private: false,
      v4AssignMode: { zt: true },
      ipAssignmentPools: [{ ipRangeStart: '10.9.0.1', ipRangeEnd: '10.9.0.9' }],
      routes: [{ target: '10.9.0.0/24' }, { target: '0.0.0.0/0', via: '10.9.0.1' }],
    })
    expect(await at.ask('GET', `/network/${id}`)).toMatchObject({ status: 404, json: {} })
    await at.ask('POST', `/network/${id}`)
    const joined = await at.ask('PUT', `/network/${id.toUpperCase()}`, '{}')
    expect(joined.status).toBe(200)
    expect(joined.json).toEqual({
      id,
      nwid: id,
      name: 'home',
      mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
      status: 'OK',
      type: 'PUBLIC',
      mtu: 2800,
      dhcp: false,
      bridge: false,
      broadcastEnabled: true,
      portError: 0,
      netconfRevision: 1,
      portDeviceName: '-',
      allowManaged: true,
      allowGlobal: false,
      allowDefault: false,
      allowDNS: false,
      assignedAddresses: [expect.stringMatching(/^10\.9\.0\.\d\/24$/)],
      routes: [
        { target: '10.9.0.0/24', via: null, flags: 0, metric: 0 },
        { target: '0.0.0.0/0', via: '10.9.0.1', flags: 0, metric: 0 },
      ],
      multicastSubscriptions: expect.arrayContaining([{ mac: 'ff:ff:ff:ff:ff:ff', adi: expect.any(Number) }]),
      dns: { domain: '', servers: [] },
    })
    expect((await at.ask('GET', '/network')).json).toEqual([joined.json])
    const network = at.node.network(id)!
    expect(network.state.routes).toHaveLength(1)

    const allowed = await at.ask('POST', `/network/${id}`, { allowDefault: true, allowGlobal: 1, allowDNS: 'true' })
    expect(allowed.json).toMatchObject({ allowDefault: true, allowGlobal: false, allowDNS: false })
    expect(network.state.routes).toHaveLength(2)
    const file = await at.store.get({ kind: 'network.local', id })
    expect(new TextDecoder().decode(file)).toBe('allowManaged=1\nallowGlobal=0\nallowDefault=1\nallowDNS=0\n')
    await at.ask('POST', `/network/${id}`, { allowManaged: false })
    expect(network.state).toMatchObject({ addresses: [], routes: [] })
    for (const body of ['{no json', '[1]', 'null', '3'])
      expect(await at.ask('POST', `/network/${id}`, body)).toMatchObject({ status: 200, json: { id } })

    expect((await at.ask('DELETE', `/network/${id}`)).json).toEqual({ result: true })
    expect((await at.ask('DELETE', `/network/${id}`)).json).toEqual({})
    expect(await at.store.get({ kind: 'network.local', id })).toBeUndefined()
    expect((await at.ask('GET', '/network')).json).toEqual([])
  })

  it('shows peers', async () => {
    const [root] = (await at.ask('GET', '/peer')).json
    expect(root).toMatchObject({
      role: 'PLANET',
      version: '1.14.1',
      isBonded: false,
      tunneled: false,
      paths: [
        {
          address: expect.stringMatching(/^[\d.]+\/\d+$/),
          active: true,
          expired: false,
          preferred: true,
          lastReceive: expect.any(Number),
          lastSend: expect.any(Number),
          trustedPathId: 0,
        },
      ],
    })
    expect((await at.ask('GET', `/peer/${root.address}`)).json).toEqual(root)
    expect(await at.ask('GET', '/peer/1234567890')).toMatchObject({ status: 200, json: {} })
  })

  it('orbits moons', async () => {
    const [seed, moon] = ['1a02b166b2', '000000deadbeef00']
    expect((await at.ask('GET', '/moon')).json).toEqual([])
    expect((await at.ask('POST', `/moon/${moon}`, { seed })).json).toEqual({
      id: moon,
      roots: [],
      timestamp: 0,
      signature: null,
      updatesMustBeSignedBy: null,
      waiting: true,
    })
    for (const body of [{}, { seed: 'x' }, { seed: '0000000000' }, { seed: 5 }])
      expect((await at.ask('POST', `/moon/${moon}`, body)).json).toEqual({})
    expect((await at.ask('GET', '/moon')).json).toEqual([])
    expect((await at.ask('GET', `/moon/${moon}`)).json).toEqual({})
    expect((await at.ask('DELETE', `/moon/${moon}`)).json).toEqual({ result: true })
  })

  it('keeps settings, and says when it cannot read what it is given', async () => {
    expect((await at.ask('GET', '/config')).json).toEqual({})
    expect((await at.ask('POST', '/config/settings', { foo: { a: 1 }, softwareUpdate: 'off' })).json).toEqual({})
    await at.ask('POST', '/config/settings', { foo: 3 })
    const conf = { settings: { foo: 3, softwareUpdate: 'off' } }
    expect((await at.ask('GET', '/config')).json).toEqual(conf)
    expect(JSON.parse(await readFile(join(at.home, 'local.conf'), 'utf8'))).toEqual(conf)
    expect((await at.ask('GET', '/status')).json.config.settings).toMatchObject({ foo: 3, softwareUpdate: 'off' })
    expect(await at.ask('POST', '/config/settings', 'x')).toMatchObject({
      status: 500,
      json: { error: 500, description: expect.stringContaining('no JSON') },
    })
  })

  it('has no bonds', async () => {
    expect(await at.ask('GET', '/bond/show/1234567890')).toMatchObject({ status: 400, json: {} })
    expect(await at.ask('POST', '/bond/rotate/1234567890')).toMatchObject({ status: 400, json: {} })
  })

  it('counts for Prometheus', async () => {
    const token = await readFile(join(at.home, 'metricstoken.secret'), 'utf8')
    const answer = await at.ask('GET', '/metrics', undefined, { 'X-ZT1-Auth': token })
    expect(answer).toMatchObject({ status: 200, type: 'text/plain' })
    for (const line of answer.text.trimEnd().split('\n'))
      expect(line).toMatch(/^# (HELP|TYPE) \w+ .+$|^\w+(\{(\w+="[^"]*",?)+\})? [\d.]+$/)
    expect(answer.text).toContain('\nzt_num_networks 0\n')
  })

  it('reads no body that is too long, and none of strangers', async () => {
    const post = 'POST /config/settings HTTP/1.1\r\nHost: x\r\n'
    const shown = `X-ZT1-Auth: ${at.api.token}\r\n`
    expect(await at.raw(`${post}${shown}Content-Length: 5000000\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
    expect(await at.raw(`${post}Content-Length: 10\r\n\r\n`)).toMatch(/^HTTP\/1\.1 401 /)
    const size = 1024 * 1024
    const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`
    const chunks = `${chunk.repeat(5)}0\r\n\r\n`
    const back = await at.raw(`${post}${shown}Transfer-Encoding: chunked\r\n\r\n${chunks}`).catch(String)
    // what is still on its way when the server hangs up may turn its answer into a reset
    expect(back).toMatch(/^HTTP\/1\.1 413 |ECONNRESET|EPIPE/)
  })

  it('answers requests that name no host, as the native command line sends them', async () => {
    expect(await at.raw('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('survives what is no HTTP', async () => {
    for (const text of ['\0\0\0\0\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', `GET /${'x'.repeat(100_000)}`])
      expect(await at.raw(text).catch(() => 'HTTP/1.1 4')).toMatch(/^HTTP\/1\.1 4/)
    expect((await at.ask('GET', '//network?auth=%E0%A4%A&&=?')).status).toBe(404)
    expect((await at.ask('GET', '/health')).status).toBe(200)
  })
})

describe('serving the local API', () => {
  it('takes the token that is there, without the white space around it', async () => {
    await using net = virtualNet({ seed: 42 })
    const node = await net.node()
    await writeFile(join(at.home, 'authtoken.secret'), ' given\n')
    const api = await serveLocalApi(node, { port: 0, home: at.home })
    expect(api.token).toBe('given')
    const own = await serveLocalApi(node, { port: 0, token: 'mine' })
    expect(own.token).toBe('mine')
    expect((await serveLocalApi(node, { port: 0 })).token).toMatch(/^[a-z0-9]{24}$/)
  })

  it('has no /controller without one', async () => {
    await using served = await Served.start(43)
    const api = await serveLocalApi(served.node, { port: 0, token: 'x' })
    const answer = await fetch(`http://127.0.0.1:${api.port}/controller`, { headers: { 'X-ZT1-Auth': 'x' } })
    expect([answer.status, await answer.text()]).toEqual([404, ''])
  })

  it('ends with the node', async () => {
    await using served = await Served.start(44)
    await served.node.close()
    await expect(served.ask('GET', '/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(serveLocalApi(served.node, { port: 0 })).rejects.toMatchObject({ code: 'ERR_ZT_CLOSED' })
  })

  it.each<readonly [what: string, wrong: () => readonly [ZtNode, LocalApiOptions], code: string]>([
    ['no node', () => [{} as never, {}], 'ERR_ZT_INVALID_OPTION'],
    ['no port', () => [at.node, { port: 70_000 }], 'ERR_ZT_INVALID_OPTION'],
    ['no address', () => [at.node, { address: 'localhost' }], 'ERR_ZT_INVALID_ADDRESS'],
    ['an empty token', () => [at.node, { token: '' }], 'ERR_ZT_INVALID_OPTION'],
    ['no controller', () => [at.node, { controller: {} as never }], 'ERR_ZT_INVALID_OPTION'],
    ['a port that is taken', () => [at.node, { port: at.api.port }], 'ERR_ZT_BIND'],
    ['a home that is not there', () => [at.node, { port: 0, home: '/nowhere/at/all' }], 'ERR_ZT_STORE_UNWRITABLE'],
  ])('fails with %s, and says so', async (_, wrong, code) => {
    const [node, options] = wrong()
    await expect(serveLocalApi(node, options)).rejects.toMatchObject({ code })
  })

  it('leaves settings alone that somebody wrote and nobody can read', async () => {
    await using served = await Served.start(45)
    await writeFile(join(served.home, 'local.conf'), '{"settings": {')
    await expect(serveLocalApi(served.node, { port: 0, home: served.home })).rejects.toMatchObject({
      code: 'ERR_ZT_STORE_CORRUPT',
    })
    expect(await readFile(join(served.home, 'local.conf'), 'utf8')).toBe('{"settings": {')
  })

  it('shows moons that are in force', async () => {
    await using net = virtualNet({ seed: 46 })
    const root = await net.node({ identity: fixtures.identities[3]! })
    const moon = createMoon({
      id: '00000000deadbeef',
      timestamp: 5n,
      roots: [{ identity: root.identity.public, endpoints: [{ address: '10.0.0.7', port: 9993 }] }],
      signingKey: createSigningKey(),
    })
    const store = memoryStore([[{ kind: 'moon', id: '00000000deadbeef' as never }, moon]])
    const node = await net.node({ identity: fixtures.identities[4]!, store })
    const api = await serveLocalApi(node, { port: 0, token: 'x' })
    const got = await fetch(`http://127.0.0.1:${api.port}/moon/00deadbeef`, { headers: { 'X-ZT1-Auth': 'x' } })
    expect(await got.json()).toEqual({
      id: '00000000deadbeef',
      timestamp: 5,
      waiting: false,
      signature: expect.stringMatching(/^[0-9a-f]{192}$/),
      updatesMustBeSignedBy: expect.stringMatching(/^[0-9a-f]{128}$/),
      roots: [{ identity: root.identity.public, stableEndpoints: ['10.0.0.7/9993'] }],
    })
  })

  it('remembers what a network may do', async () => {
    await using net = virtualNet({ seed: 47 })
    const host = await net.node({ identity: fixtures.identities[3]! })
    const controller = createController(host)
    const { id } = await controller.create({ private: false })
    const local = { kind: 'network.local', id } as const
    const text = new TextEncoder().encode('allowManaged=10.0.0.0/8\nallowGlobal=1\n')
    const store = memoryStore([[local, text]])
    const node = await net.node({ identity: fixtures.identities[4]!, store })
    const api = await serveLocalApi(node, { port: 0, token: 'x' })
    const post = (body: object) =>
      fetch(`http://127.0.0.1:${api.port}/network/${id}`, {
        method: 'POST',
        headers: { 'X-ZT1-Auth': 'x' },
        body: JSON.stringify(body),
      }).then((answer) => answer.json())
    expect(await post({})).toMatchObject({ allowManaged: true, allowGlobal: true, allowDefault: false })
    await post({ allowDNS: true })
    expect(new TextDecoder().decode(await store.get(local))).toBe(
      'allowManaged=10.0.0.0/8\nallowGlobal=1\nallowDefault=0\nallowDNS=1\n',
    )
  })

  it('remembers what joining allowed', async () => {
    await using net = virtualNet({ seed: 48 })
    const host = await net.node({ identity: fixtures.identities[3]! })
    const { id } = await createController(host).create({
      private: false,
      v4AssignMode: { zt: true },
      ipAssignmentPools: [{ ipRangeStart: '8.8.8.1', ipRangeEnd: '8.8.8.9' }],
      routes: [{ target: '8.8.8.0/24' }, { target: '0.0.0.0/0', via: '8.8.8.1' }],
    })
    const own = { identity: fixtures.identities[4]!, store: memoryStore() }
    const first = await net.node(own)
    const network = await net.until(first.join(id))
    expect([network.addresses.length, network.state.routes.length]).toEqual([1, 2])
    await first.join(id, { wait: 'none', allow: { default: false } })
    expect([network.addresses.length, network.state.routes.length]).toEqual([1, 1])
    await first.join(id, { wait: 'none', allow: { global: false } })
    expect([network.addresses.length, network.state.routes.length]).toEqual([0, 0])
    await first.close()
    const second = await net.node(own)
    const before = second.network(id)!
    expect([before.addresses.length, before.state.routes.length]).toEqual([0, 0])
    await second.join(id, { wait: 'none', allow: { global: true } })
    expect([before.addresses.length, before.state.routes.length]).toEqual([1, 1])
  })
})
