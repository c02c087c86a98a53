import { asapScheduler, VirtualTimeScheduler } from 'rxjs'
import { type Central, type CentralError, central, SocketError } from 'rxzt/central'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CentralServer, type CentralServerOptions } from '../../support/central-server.ts'

let server: CentralServer
let account: Central
const start = async (options: CentralServerOptions = {}): Promise<void> => {
  server = await CentralServer.start(options)
  account = central({ token: server.token, url: server.url })
}
beforeEach(() => start())
afterEach(() => server[Symbol.asyncDispose]())

const caught = (promise: Promise<unknown>): Promise<CentralError> =>
  promise.then(
    () => Promise.reject(new Error('it went well')),
    (error) => error,
  )
const USER = '00000000-0000-0000-0000-000000000001'
const ORG = '00000000-0000-0000-0000-000000000002'
const INVITATION = '00000000-0000-0000-0000-000000000003'
const NWID = '8056c2e21c000001'
const NODE = 'abcdef0123'
const LONG = 'adsf98ashdkjh3689adsfnj3ADnadsf98ash'

/** Every operation of the published API, in its order, and the call that is made for it. */
const operations: readonly (readonly [id: string, request: string, call: (account: Central) => Promise<unknown>])[] = [
  ['getStatus', 'GET /status', (a) => a.status()],
  ['newNetwork', 'POST /network', (a) => a.createNetwork({ config: { name: 'office' } })],
  ['getNetworkList', 'GET /network', (a) => a.networks()],
  ['getNetworkByID', `GET /network/${NWID}`, (a) => a.network(NWID.toUpperCase())],
  ['updateNetwork', `POST /network/${NWID}`, (a) => a.updateNetwork(NWID, { config: { mtu: 1400 } })],
  ['updateNetworkMember', `POST /network/${NWID}/member/${NODE}`, (a) => a.updateMember(NWID, NODE, { name: 'x' })],
  ['getNetworkMemberList', `GET /network/${NWID}/member`, (a) => a.members(NWID)],
  ['getNetworkMember', `GET /network/${NWID}/member/${NODE}`, (a) => a.member(NWID, NODE)],
  ['deleteNetworkMember', `DELETE /network/${NWID}/member/${NODE}`, (a) => a.deleteMember(NWID, NODE)],
  ['deleteNetwork', `DELETE /network/${NWID}`, (a) => a.deleteNetwork(NWID)],
  ['getUserByID', `GET /user/${USER}`, (a) => a.user(USER)],
  ['updateUserByID', `POST /user/${USER}`, (a) => a.updateUser(USER, { displayName: 'Jo' })],
  ['deleteUserByID', `DELETE /user/${USER}`, (a) => a.deleteUser(USER)],
  ['addAPIToken', `POST /user/${USER}/token`, (a) => a.addToken(USER, { tokenName: 'a/b', token: LONG })],
  ['deleteAPIToken', `DELETE /user/${USER}/token/a%2Fb`, (a) => a.deleteToken(USER, 'a/b')],
  ['getOrganization', 'GET /org', (a) => a.organization()],
  ['getOrganizationByID', `GET /org/${ORG}`, (a) => a.organization(ORG)],
  ['getOrganizationMembers', `GET /org/${ORG}/user`, (a) => a.organizationMembers(ORG)],
  ['getOrganizationInvitationList', 'GET /org-invitation', (a) => a.invitations()],
  ['inviteUserByEmail', 'POST /org-invitation', (a) => a.invite('b@example.com')],
  ['getInvitationByID', `GET /org-invitation/${INVITATION}`, (a) => a.invitation(INVITATION)],
  ['acceptInvitation', `POST /org-invitation/${INVITATION}`, (a) => a.acceptInvitation(INVITATION)],
  ['declineInvitation', `DELETE /org-invitation/${INVITATION}`, (a) => a.declineInvitation(INVITATION)],
  ['getRandomToken', 'GET /randomToken', (a) => a.randomToken()],
]

describe('the published API', () => {
  it('has a method for every operation, which asks just that', async () => {
    for (const [, , call] of operations) await call(account)
    const asked = server.requests.map(({ method, path }) => `${method} ${path}`)
    expect(asked).toEqual(operations.map(([, request]) => request))
    expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`token ${server.token}`]),
    )
  })

  it('makes a network, lets a node in and puts it out again', async () => {
    const { id, config } = await account.createNetwork({
      config: { name: 'office', routes: [{ target: '10.0.0.0/8' }] },
    })
    expect(config).toMatchObject({ name: 'office', private: true, routes: [{ target: '10.0.0.0/8' }] })
    server.knock(id, NODE)
    expect((await account.members(id)).map((member) => [member.nodeId, member.config.authorized])).toEqual([
      [NODE, false],
    ])
    expect((await account.authorize(id, NODE)).config.authorized).toBe(true)
    expect((await account.deauthorize(id, NODE)).config.authorized).toBe(false)
  })

  it('leaves out what the server says null for, and leaves in what it does not know', async () => {
    const network = await account.createNetwork()
    expect(network).not.toHaveProperty('description')
    expect(network.config).not.toHaveProperty('routes')
    expect(network.config.dns).toEqual({})
    expect(network).toHaveProperty('type', 'Network')
  })

  it('knows whose token it is', async () => {
    expect(await account.self()).toMatchObject({ id: USER, email: 'joe@example.com', tokens: ['first'] })
  })

  it('asks whatever else is wanted, also of an older server', async () => {
    const old = central({ token: server.token, url: `${server.oldUrl}/` })
    expect(old.url).toBe(server.oldUrl)
    expect(await old.request('GET', '/self')).toMatchObject({ id: USER })
    expect(await old.request('DELETE', `/user/${USER}/token/first`)).toBeUndefined()
  })
})

describe('errors', () => {
  it.each([
    [401, 'ERR_ZT_CENTRAL_TOKEN', 'GET /network: the token is not accepted (401): no — make a new one in the account'],
    [
      403,
      'ERR_ZT_CENTRAL_DENIED',
      'GET /network: this token may not do that, or is not accepted (403): no — check it, and the permissions of its user',
    ],
    [404, 'ERR_ZT_CENTRAL_NOT_FOUND', 'GET /network: does not exist (404): no — check the id'],
    [400, 'ERR_ZT_CENTRAL_REFUSED', 'GET /network: refused (400): no — correct what was sent'],
    [418, 'ERR_ZT_CENTRAL_REFUSED', 'GET /network: refused (418): no — correct what was sent'],
    [500, 'ERR_ZT_CENTRAL_FAILED', 'GET /network: the server failed (500): no — try again later'],
    [429, 'ERR_ZT_CENTRAL_RATE_LIMIT', 'GET /network: too many requests (429) — ask again in 1000 ms, or pass retries'],
  ])('%i is %s', async (status, code, message) => {
    server.fail({ status, body: { message: 'no' } })
    expect(await caught(account.networks())).toMatchObject({ name: 'CentralError', status, code, message })
  })

  it.each([
    ['malformed', 'ERR_ZT_CENTRAL_ANSWER', 'GET /network: the answer is no JSON — check the url'],
    [
      'foreign',
      'ERR_ZT_CENTRAL_ANSWER',
      'GET /network: 0.id of the answer is no NetworkId but undefined — check the url',
    ],
    ['redirect', 'ERR_ZT_CENTRAL_ANSWER', 'GET /network: leads elsewhere (302) — pass the url of the API itself'],
    ['page', 'ERR_ZT_CENTRAL_FAILED', 'GET /network: the server failed (502) — try again later'],
  ] as const)('an answer that is %s is %s', async (fault, code, message) => {
    server.fail(fault)
    expect(await caught(account.networks())).toMatchObject({ code, message })
    expect(server.requests).toHaveLength(1)
  })

  it('an answer without end is cut, and its connection with it', async () => {
    const megabyte = new Uint8Array(1024 * 1024).fill(0x20)
    let isCut = false
    const body = new ReadableStream<Uint8Array>({
      pull: (out) => out.enqueue(megabyte),
      cancel: () => {
        isCut = true
      },
    })
    const endless = central({ token: 'x', fetch: () => Promise.resolve(new Response(body)) })
    const { code, message } = await caught(endless.networks())
    expect(code).toBe('ERR_ZT_CENTRAL_ANSWER')
    expect(message).toBe('GET /network: the answer is longer than 67108864 bytes — check the url')
    expect(isCut).toBe(true)
  })

  it('an empty answer is none, where there has to be one', async () => {
    server.fail({ status: 200 })
    const { message } = await caught(account.networks())
    expect(message).toBe('GET /network: the answer is no ReadonlyArray<network> but undefined — check the url')
  })

  it('a connection that breaks, or was never there, is unreachable', async () => {
    server.fail('break')
    const broken = await caught(account.networks())
    expect(broken.code).toBe('ERR_ZT_CENTRAL_UNREACHABLE')
    const nobody = central({ token: 'x', url: 'http://127.0.0.1:1/api/v1' })
    const { code, message } = await caught(nobody.networks())
    expect(code).toBe('ERR_ZT_CENTRAL_UNREACHABLE')
    expect(message).toMatch(/^GET \/network: no answer from 127\.0\.0\.1:1 \(.+\) — check the connection and the url$/)
  })

  it.each(['hang', 'stall'] as const)('a server that does %s is given up after the timeout', async (fault) => {
    const scheduler = new VirtualTimeScheduler()
    const patient = central({ token: server.token, url: server.url, scheduler })
    server.fail(fault)
    const call = caught(patient.networks({ timeout: 5_000 }))
    scheduler.flush()
    const error = await call
    expect(error).toBeInstanceOf(SocketError)
    expect(error.message).toBe('central ETIMEDOUT — GET /network was not answered in 5000 ms; raise timeout')
  })

  it('an abort ends a call with the reason of its signal, before it and during it', async () => {
    const reason = new Error('enough')
    expect(await caught(account.networks({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(server.requests).toEqual([])
    server.fail('hang')
    const stop = new AbortController()
    const call = caught(account.networks({ signal: stop.signal }))
    stop.abort(reason)
    expect(await call).toBe(reason)
  })

  it.each([
    [
      'an id',
      (a: Central) => a.network('8056c2e21c'),
      'network id "8056c2e21c" is not 16 hex digits — copy it from the controller',
    ],
    [
      'a node',
      (a: Central) => a.member(NWID, 'x'),
      'node id "x" is not 10 hex digits — copy it from the node (`node.id`)',
    ],
    ['a user', (a: Central) => a.user('..'), 'user id is not valid — pass the text that the API gave'],
    ['a path', (a: Central) => a.request('GET', '//x'), 'path is not valid — write it like /network'],
    [
      'a token that is short',
      (a: Central) => a.addToken(USER, { tokenName: 'x', token: 'short' }),
      'token is not valid — use 32 characters or more, as randomToken() gives',
    ],
    ['an option', (a: Central) => a.networks({ retries: -1 }), 'retries -1 is not valid — use 0 to 100'],
    [
      'a change',
      (a: Central) => a.updateNetwork(NWID, [] as never),
      'what is to be changed is not valid — pass an object',
    ],
  ])('%s that cannot be is refused, and nothing is sent', async (_, call, message) => {
    expect(await caught(call(account))).toMatchObject({ name: 'ArgumentError', message })
    expect(server.requests).toEqual([])
  })
})

describe('the limit on requests', () => {
  it('is told by each answer, and by the error beyond it', async () => {
    await server[Symbol.asyncDispose]()
    await start({ perSecond: 1 })
    expect(account.rateLimit).toBeUndefined()
    await account.networks()
    expect(account.rateLimit).toEqual({ limit: 1, remaining: 0, resetAt: 1_613_067_921_000 })
    const error = await caught(account.networks())
    expect(error).toMatchObject({ code: 'ERR_ZT_CENTRAL_RATE_LIMIT', status: 429, retryAfter: 1_000 })
    expect(error.message).toContain('1 a second are allowed')
    expect(server.requests).toHaveLength(2)
  })

  it('is waited for when the caller asks for it, as long as the server says', async () => {
    const pauses: number[] = []
    const scheduler = new VirtualTimeScheduler()
    const patient = central({ token: server.token, url: server.url, scheduler, retries: 2, timeout: 0 })
    scheduler.schedule = (work, delay = 0, state) => {
      pauses.push(delay)
      return asapScheduler.schedule(work as never, 0, state)
    }
    server.fail({ status: 429, headers: { 'retry-after': '3' } })
    server.fail({
      status: 429,
      headers: { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' },
    })
    await patient.networks()
    expect(pauses).toEqual([3_000, 9_000])
    server.fail({ status: 429 }, { status: 429 }, { status: 429 })
    expect((await caught(patient.networks())).code).toBe('ERR_ZT_CENTRAL_RATE_LIMIT')
    expect(pauses).toEqual([3_000, 9_000, 1_000, 1_000])
  })

  it('is not waited for beyond a minute, and nothing but it is asked twice', async () => {
    server.fail({ status: 429, headers: { 'retry-after': '61' } })
    expect((await caught(account.networks({ retries: 5 }))).retryAfter).toBe(61_000)
    server.fail({ status: 503 })
    expect((await caught(account.networks({ retries: 5 }))).code).toBe('ERR_ZT_CENTRAL_FAILED')
    expect(server.requests).toHaveLength(2)
  })

  it('leaves no timer behind when a wait for it is aborted', async () => {
    const scheduler = new VirtualTimeScheduler()
    const patient = central({ token: server.token, url: server.url, scheduler, retries: 1 })
    server.fail({ status: 429, headers: { 'retry-after': '30' } })
    const stop = new AbortController()
    const waits = new Promise<void>((resolve) => {
      const schedule = scheduler.schedule.bind(scheduler)
      scheduler.schedule = (work, delay = 0, state) => {
        if (delay === 30_000 && server.requests.length === 1) resolve()
        return schedule(work, delay, state)
      }
    })
    const call = caught(patient.networks({ signal: stop.signal, timeout: 0 }))
    await waits
    stop.abort()
    expect((await call).name).toBe('AbortError')
    expect(scheduler.actions.filter((action) => !action.closed)).toEqual([])
  })
})
