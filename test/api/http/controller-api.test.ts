import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createController } from '../../../src/controller.node.ts'
import { memoryStore, type StoreKey } from '../../../src/index.node.ts'
import { serveLocalApi } from '../../../src/node.ts'
import { fixtures, virtualNet } from '../../../src/testing.node.ts'
import { Served } from './served.ts'

let at: Served
beforeAll(async () => {
  at = await Served.start(51)
})
afterAll(async () => {
  await at[Symbol.asyncDispose]()
})
const unknown = { status: 404, text: '' }
const own = (number: string): string => `${at.node.id}${number}`
const member = '1234567890'

/** Defaults as a native 1.14.1 shows them. */
const fresh = (id: string) => ({
  authTokens: [null],
  authorizationEndpoint: '',
  capabilities: [],
  clientId: '',
  creationTime: expect.any(Number),
  dns: [],
  enableBroadcast: true,
  id,
  ipAssignmentPools: [],
  mtu: 2800,
  multicastLimit: 32,
  name: '',
  nwid: id,
  objtype: 'network',
  private: true,
  remoteTraceLevel: 0,
  remoteTraceTarget: null,
  revision: 1,
  routes: [],
  rules: [{ not: false, or: false, type: 'ACTION_ACCEPT' }],
  rulesSource: '',
  ssoEnabled: false,
  tags: [],
  v4AssignMode: { zt: false },
  v6AssignMode: { '6plane': false, rfc4193: false, zt: false },
})
const freshMember = (nwid: string, id: string) => ({
  activeBridge: false,
  address: id,
  authenticationExpiryTime: 0,
  authorized: false,
  capabilities: [],
  creationTime: expect.any(Number),
  id,
  ipAssignments: [],
  lastAuthorizedCredential: null,
  lastAuthorizedCredentialType: null,
  lastAuthorizedTime: 0,
  lastDeauthorizedTime: 0,
  noAutoAssignIps: false,
  nwid,
  objtype: 'member',
  remoteTraceLevel: 0,
  remoteTraceTarget: null,
  revision: 1,
  ssoExempt: false,
  tags: [],
  vMajor: -1,
  vMinor: -1,
  vProto: -1,
  vRev: -1,
})

describe('the controller API', () => {
  it('says that it is there', async () => {
    expect((await at.ask('GET', '/controller')).json).toEqual({
      controller: true,
      apiVersion: 4,
      clock: Math.floor(at.net.now),
      databaseReady: true,
    })
    for (const [method, path] of [
      ['POST', '/controller'],
      ['DELETE', '/controller'],
      ['GET', '/controller/nope'],
      ['GET', '/controller/network/'],
      ['GET', '/controller/network/zz'],
    ] as const)
      expect(await at.ask(method, path)).toMatchObject(unknown)
  })

  it('creates networks three ways, and refuses to for another controller', async () => {
    const made = await at.ask('POST', '/controller/network', { name: 'x' })
    expect(made.json).toEqual({ ...fresh(made.json.id), name: 'x' })
    expect(made.json.id.slice(0, 10)).toBe(at.node.id)
    const legacy = await at.ask('PUT', `/controller/network/${at.node.id}______`)
    expect(legacy.json).toEqual(fresh(legacy.json.id))
    expect(await at.ask('POST', '/controller/network/60ca644300______', {})).toMatchObject({ status: 400, text: '' })
    for (const [number, body] of [
      ['123456', '[]'],
      ['123457', '3'],
      ['123458', 'null'],
    ] as const)
      expect((await at.ask('POST', `/controller/network/${own(number)}`, body)).json).toEqual(fresh(own(number)))
    expect((await at.ask('GET', '/controller/network')).json).toEqual(
      [made.json.id, legacy.json.id, own('123456'), own('123457'), own('123458')].sort(),
    )
  })

  it('stores networks of others as well, and never serves them', async () => {
    const theirs = '1111111111222222'
    expect((await at.ask('POST', `/controller/network/${theirs}`, {})).json).toEqual(fresh(theirs))
    expect((await at.ask('GET', '/controller/network')).json).toContain(theirs)
    expect((await at.ask('DELETE', `/controller/network/${theirs}`)).json).toEqual(fresh(theirs))
    expect(await at.ask('GET', `/controller/network/${theirs}`)).toMatchObject(unknown)
    expect(await at.ask('DELETE', `/controller/network/${theirs}`)).toMatchObject(unknown)
  })

  it('reads values as loosely as native controllers', async () => {
    const id = own('000001')
    const first = await at.ask('POST', `/controller/network/${id}`, {
      name: 'y',
      private: 'true',
      mtu: '9999999',
      v4AssignMode: 'zt',
      v6AssignMode: 'zt,6plane',
      routes: [{ target: '10.1.0.0/16' }, { target: 'bad' }, { target: '10.2.0.0/16', via: '10.1.0.1/3' }],
      ipAssignmentPools: [{ ipRangeStart: '10.1.0.1', ipRangeEnd: '10.1.0.9' }],
      multicastLimit: true,
      authTokens: { a: 0 },
      revision: 77,
      creationTime: 5,
      unknown: 1,
    })
    expect(first.json).toEqual({
      ...fresh(id),
      name: 'y',
      mtu: 10000,
      v4AssignMode: { zt: true },
      v6AssignMode: { '6plane': true, rfc4193: false, zt: true },
      routes: [
        { target: '10.1.0.0/16', via: null },
        { target: '10.2.0.0/16', via: '10.1.0.1' },
      ],
      ipAssignmentPools: [{ ipRangeEnd: '10.1.0.9', ipRangeStart: '10.1.0.1' }],
      multicastLimit: 1,
      authTokens: { a: 0 },
    })
    const second = await at.ask('POST', `/controller/network/${id.toUpperCase()}`, {
      name: 3,
      private: 0,
      dns: { domain: 'd.x', servers: ['10.1.0.1'] },
      tags: [{ id: 2, default: 1 }, { id: 1 }],
      capabilities: [{ id: 1, default: true, rules: [{ type: 'ACTION_ACCEPT' }] }],
      rules: [{ type: 'ACTION_DROP' }, { type: 'foo' }],
      authTokens: [],
      v6AssignMode: { zt: true },
      enableBroadcast: null,
      mtu: 5,
    })
    expect(second.json).toEqual({
      ...first.json,
      name: '3',
      private: false,
      dns: { domain: 'd.x', servers: ['10.1.0.1'] },
      tags: [
        { default: null, id: 1 },
        { default: 1, id: 2 },
      ],
      capabilities: [{ default: true, id: 1, rules: [{ type: 'ACTION_ACCEPT' }] }],
      rules: [{ type: 'ACTION_DROP' }],
      authTokens: [null],
      v6AssignMode: { zt: true },
      enableBroadcast: false,
      mtu: 1280,
      revision: 2,
    })
    expect((await at.ask('GET', `/controller/network/${id}`)).json).toEqual(second.json)
    expect((await at.ask('POST', `/controller/network/${id}`, {})).json).toEqual(second.json)
    expect(await at.ask('POST', `/controller/network/${own('0000ff')}`, 'bad')).toMatchObject({
      status: 500,
      json: { error: 500, description: expect.any(String) },
    })
    expect(await at.ask('GET', `/controller/network/${own('0000ff')}`)).toMatchObject(unknown)
  })

  it('holds members', async () => {
    const id = own('000002')
    await at.ask('POST', `/controller/network/${id}`, {})
    const members = `/controller/network/${id}/member`
    expect((await at.ask('GET', members)).json).toEqual({})
    expect(await at.ask('GET', `${members}/${member}`)).toMatchObject(unknown)
    expect(await at.ask('POST', members, {})).toMatchObject(unknown)
    const made = await at.ask('POST', `${members}/${member}`, {
      authorized: 'true',
      ipAssignments: ['10.1.0.7', 'bad', 'fe80::1'],
      tags: [[5, 6], [1, '2'], [1, 3], [7]],
      capabilities: [3, 1, '2', 3],
      name: 'n',
      noAutoAssignIps: 1,
      activeBridge: '0',
    })
    expect(made.json).toEqual({
      ...freshMember(id, member),
      authorized: true,
      lastAuthorizedCredentialType: 'api',
      lastAuthorizedTime: Math.floor(at.net.now),
      ipAssignments: ['10.1.0.7', 'fe80::1'],
      tags: [
        [1, 3],
        [5, 6],
      ],
      capabilities: [1, 2, 3],
      name: 'n',
      noAutoAssignIps: true,
    })
    const out = await at.ask('POST', `${members}/${member}`, {
      authorized: false,
      remoteTraceTarget: '1234567890',
      remoteTraceLevel: '7',
      authenticationURL: 'http://x',
      ssoExempt: true,
      identity: 'foo',
    })
    expect(out.json).toEqual({
      ...made.json,
      authorized: false,
      lastDeauthorizedTime: Math.floor(at.net.now),
      remoteTraceTarget: '1234567890',
      remoteTraceLevel: 7,
      revision: 2,
    })
    await at.ask('POST', `${members}/ABCDEF0123`, { authorized: true })
    expect((await at.ask('GET', members)).json).toEqual({ [member]: 2, abcdef0123: 1 })
    expect((await at.ask('GET', `/unstable${members}`)).json).toMatchObject({
      data: [out.json, { ...freshMember(id, 'abcdef0123'), authorized: true }].map((one) => ({ id: one.id })),
      meta: { totalCount: 2, authorizedCount: 1 },
    })
    const { data, meta } = (await at.ask('GET', '/unstable/controller/network')).json
    expect(meta).toEqual({ networkCount: data.length })
    expect(data.find((one: { id: string }) => one.id === id)).toEqual({
      ...fresh(id),
      meta: { totalMemberCount: 2, authorizedMemberCount: 1 },
    })
    expect((await at.ask('DELETE', `${members}/${member}`)).json).toEqual(out.json)
    expect(await at.ask('DELETE', `${members}/${member}`)).toMatchObject(unknown)
    const nowhere = `/controller/network/${own('999999')}/member`
    for (const [method, path] of [
      ['GET', nowhere],
      ['GET', `/unstable${nowhere}`],
      ['GET', `${nowhere}/${member}`],
      ['POST', `${nowhere}/${member}`],
    ] as const)
      expect(await at.ask(method, path)).toMatchObject(unknown)
  })

  it('lets a member in and puts it out', async () => {
    const { id } = (
      await at.ask('POST', '/controller/network', {
        v4AssignMode: { zt: true },
        ipAssignmentPools: [{ ipRangeStart: '10.8.0.1', ipRangeEnd: '10.8.0.9' }],
        routes: [{ target: '10.8.0.0/24', via: null }],
      })
    ).json
    const guest = await at.net.node()
    const joining = guest.join(id)
    await at.net.advance(3000)
    const members = `/controller/network/${id}/member`
    const waiting = (await at.ask('GET', `${members}/${guest.id}`)).json
    expect(waiting).toMatchObject({ authorized: false, identity: guest.identity.public })
    await at.ask('POST', `${members}/${guest.id}`, { authorized: true, ipAssignments: ['10.8.0.5'] })
    const network = await at.net.until(joining)
    expect(network.addresses).toMatchObject([{ address: '10.8.0.5', bits: 24 }])
    // what it was pushed says nothing of its version, its next request does
    await at.net.advance(65_000)
    expect((await at.ask('GET', `${members}/${guest.id}`)).json).toMatchObject({
      authorized: true,
      vMajor: 1,
      vProto: 12,
    })
    await at.ask('POST', `/controller/network/${id}`, { name: 'renamed' })
    await at.net.advance(1000)
    expect(network.state.name).toBe('renamed')
    await at.ask('POST', `${members}/${guest.id}`, { authorized: false })
    await at.net.advance(1000)
    expect(network.state.status).toBe('denied')
  })

  it('is not ready, and says so, while the records cannot be read', async () => {
    await using net = virtualNet({ seed: 52 })
    const node = await net.node()
    const broken = async (): Promise<never> => {
      throw new Error('no permission')
    }
    const controller = createController(node, { store: { ...memoryStore(), list: broken } })
    const api = await serveLocalApi(node, { port: 0, token: 'x', controller })
    const get = (path: string) =>
      fetch(`http://127.0.0.1:${api.port}${path}`, { headers: { 'X-ZT1-Auth': 'x' } }).then(async (answer) => [
        answer.status,
        await answer.json(),
      ])
    expect(await get('/controller')).toMatchObject([503, { controller: true, databaseReady: false }])
    expect(await get('/controller/network')).toMatchObject([
      500,
      { error: 500, description: expect.stringContaining('no permission') },
    ])
  })

  it('answers 500 when the store does not take what was told, and keeps it for later', async () => {
    await using net = virtualNet({ seed: 53 })
    const node = await net.node({ identity: fixtures.identities[9]! })
    const disk = memoryStore()
    let full = true
    const set = async (key: StoreKey, value: Uint8Array): Promise<void> => {
      if (full) throw new Error('disk full')
      await disk.set(key, value)
    }
    const controller = createController(node, { store: { ...disk, set } })
    const api = await serveLocalApi(node, { port: 0, token: 'x', controller })
    const post = (body: object) =>
      fetch(`http://127.0.0.1:${api.port}/controller/network/${node.id}000001`, {
        method: 'POST',
        headers: { 'X-ZT1-Auth': 'x' },
        body: JSON.stringify(body),
      })
    const refused = await post({ name: 'a' })
    expect([refused.status, await refused.json()]).toMatchObject([
      500,
      { description: expect.stringContaining('disk full') },
    ])
    full = false
    expect((await post({})).status).toBe(200)
    const stored = await disk.get({ kind: 'controller', path: `network/${node.id}000001.json` })
    expect(JSON.parse(new TextDecoder().decode(stored))).toMatchObject({ name: 'a', revision: 1 })
  })
})
