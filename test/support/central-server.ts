import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, unknown>
type Fault =
  /** Accepts and says nothing. */
  | 'hang'
  /** Begins an answer and says no more. */
  | 'stall'
  /** Breaks the connection. */
  | 'break'
  | 'malformed'
  /** JSON of another service. */
  | 'foreign'
  | 'page'
  | 'big'
  | 'redirect'
  | 'repeat-token'
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }

export interface CentralRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: unknown
}

/**
 * The hosted controller on loopback, as its API is published: the same paths below `/api/v1` and, as in older days, below
 * `/api`; the same fields; the limit on requests. It keeps networks and members in memory and hosts nothing.
 */
export class CentralServer implements AsyncDisposable {
  readonly token: string
  readonly requests: CentralRequest[] = []
  readonly #http: Server
  readonly #networks = new Map<string, { network: Json; members: Map<string, Json> }>()
  readonly #tokens: string[] = ['first']
  readonly #faults: Fault[] = []
  readonly #clock: () => number
  readonly #perSecond: number
  #second = 0
  #asked = 0
  #made = 0

  private constructor(options: CentralServerOptions) {
    this.token = options.token ?? 'q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6'
    this.#clock = options.clock ?? (() => 1_613_067_920_454)
    this.#perSecond = options.perSecond ?? Number.POSITIVE_INFINITY
    this.#http = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(options: CentralServerOptions = {}): Promise<CentralServer> {
    const server = new CentralServer(options)
    server.#http.listen(0, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  /** For `central({ url })`. */
  get url(): string {
    return `${this.#origin}/api/v1`
  }
  /** What older programs were given. */
  get oldUrl(): string {
    return `${this.#origin}/api`
  }
  get #origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** What the next requests meet instead of an answer, one each. */
  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults)
  }

  /** A node asks to join, as the controller would see it. */
  knock(network: string, node: string): void {
    const found = this.#networks.get(network)
    if (found !== undefined) this.#member(network, node, found.members)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const { method = '', url = '' } = request
    const { authorization } = request.headers
    const path = url.replace(/^\/api(\/v1)?/, '')
    this.requests.push({ method, path, authorization, body: text === '' ? undefined : JSON.parse(text) })
    const fault = this.#faults.shift()
    if (fault !== undefined) return this.#misbehave(fault, response)
    const [kind, shown] = (authorization ?? '').split(' ')
    const isKnown = /^(token|bearer)$/i.test(kind ?? '') && shown === this.token
    if (!isKnown) return say(response, 401, { type: 'unauthorized', message: 'Authorization required' })
    const limits = this.#limits()
    if (this.#asked > this.#perSecond)
      return say(response, 429, { message: 'rate limit exceeded' }, { ...limits, 'retry-after': '1' })
    const [status, body] = this.#answer(method, path.split('/').slice(1).map(decodeURIComponent), text)
    say(response, status, body, Number.isFinite(this.#perSecond) ? limits : {})
  }

  #limits(): Readonly<Record<string, string>> {
    const second = Math.floor(this.#clock() / 1_000)
    if (second !== this.#second) this.#asked = 0
    this.#second = second
    this.#asked++
    return {
      'x-ratelimit-limit': String(this.#perSecond),
      'x-ratelimit-remaining': String(Math.max(0, this.#perSecond - this.#asked)),
      'x-ratelimit-reset': new Date((second + 1) * 1_000).toUTCString(),
    }
  }

  #misbehave(fault: Fault, response: ServerResponse): void {
    const bad = (status: number, body?: unknown, headers?: Readonly<Record<string, string>>): void =>
      say(response, status, body, headers)
    if (typeof fault === 'object') bad(fault.status, fault.body, fault.headers)
    else if (fault === 'stall') response.write('[{"id":')
    else if (fault === 'break') response.destroy()
    else if (fault === 'malformed') bad(200, `{"token":"${this.token}", oops`)
    else if (fault === 'foreign') bad(200, [{ hello: 'world' }])
    else if (fault === 'page') bad(502, '<html>Bad gateway</html>')
    else if (fault === 'redirect') bad(302, '', { location: `${this.#origin}/elsewhere` })
    else if (fault === 'repeat-token') bad(400, { message: `token ${this.token} is\nstrange` })
    else if (fault === 'big') withoutEnd(response)
  }

  #answer(method: string, path: readonly string[], text: string): readonly [status: number, body?: unknown] {
    const [kind, id = '', sub, subId = ''] = path
    const body = (): Json => JSON.parse(text) as Json
    switch (kind) {
      case 'status':
        return [200, this.#status()]
      case 'self':
        return [200, this.#user()]
      case 'randomToken':
        return [
          200,
          { clock: this.#clock(), hex: '16924f3ff478526c'.repeat(4), token: 'wwrb66uUh18Fqc38rd8jMd5RFJzRsCn4' },
        ]
      case 'network':
        return this.#network(method, id, sub, subId, body)
      case 'user':
        if (id !== USER) return NOT_FOUND
        if (sub === 'token') return this.#token(method, subId, body)
        if (method === 'DELETE') return [200]
        return [200, method === 'POST' ? { ...this.#user(), ...body() } : this.#user()]
      case 'org':
        if (id !== '' && id !== ORG) return NOT_FOUND
        return [200, sub === 'user' ? [ORG_MEMBER] : { id: ORG, ownerId: USER, members: [ORG_MEMBER], ssoConfig: null }]
      case 'org-invitation': {
        const invitation = { id: INVITATION, orgId: ORG, email: 'a@example.com', status: 'pending', creation_time: 1 }
        if (id !== '' && id !== INVITATION) return NOT_FOUND
        if (method === 'DELETE') return [200]
        if (method === 'GET') return [200, id === '' ? [invitation] : invitation]
        return [200, id === '' ? { ...invitation, ...body() } : { ...invitation, status: 'accepted' }]
      }
      default:
        return NOT_FOUND
    }
  }

  #token(method: string, name: string, body: () => Json): readonly [status: number, body?: unknown] {
    if (method === 'DELETE') {
      const at = this.#tokens.indexOf(name)
      if (at < 0) return NOT_FOUND
      this.#tokens.splice(at, 1)
      return [200]
    }
    const { tokenName, token } = body()
    if (this.#tokens.includes(String(tokenName))) return [400, { message: `${tokenName} is taken; not set: ${token}` }]
    this.#tokens.push(String(tokenName))
    return [200, { tokenName, token }]
  }

  #network(method: string, id: string, sub: string | undefined, subId: string, body: () => Json): Answer {
    if (id === '') {
      if (method === 'GET') return [200, [...this.#networks.values()].map(({ network }) => network)]
      const made = `8056c2e21c${(++this.#made).toString(16).padStart(6, '0')}`
      this.#networks.set(made, { network: merged(this.#newNetwork(made), body()), members: new Map() })
      return [200, this.#networks.get(made)!.network]
    }
    const found = this.#networks.get(id)
    if (found === undefined) return NOT_FOUND
    if (sub === undefined) {
      if (method === 'DELETE') this.#networks.delete(id)
      if (method === 'DELETE') return [200]
      // the older API was posted nothing, and changed nothing
      if (method === 'POST') found.network = merged(found.network, body())
      return [200, found.network]
    }
    if (subId === '') return [200, [...found.members.values()]]
    if (method === 'POST') {
      const was = this.#member(id, subId, found.members)
      found.members.set(subId, merged(was, body()))
    }
    const member = found.members.get(subId)
    if (member === undefined) return NOT_FOUND
    if (method === 'DELETE') found.members.delete(subId)
    return method === 'DELETE' ? [200] : [200, member]
  }

  #member(network: string, node: string, members: Map<string, Json>): Json {
    const member = members.get(node) ?? this.#newMember(network, node)
    members.set(node, member)
    return member
  }

  #newNetwork(id: string): Json {
    const clock = this.#clock()
    return {
      ...{ id, type: 'Network', clock, description: null, rulesSource: 'accept;', ownerId: USER },
      ...{ permissions: { [USER]: { a: true, d: true, m: true, r: true } }, capabilitiesByName: {}, tagsByName: {} },
      ...{ onlineMemberCount: 0, authorizedMemberCount: 0, totalMemberCount: 0 },
      config: {
        ...{ id, creationTime: clock, lastModified: clock, name: '', private: true, enableBroadcast: true, mtu: 2800 },
        ...{ multicastLimit: 32, ipAssignmentPools: null, routes: null, capabilities: [], tags: [] },
        ...{ rules: [{ type: 'ACTION_ACCEPT' }], ssoConfig: null, dns: [] },
        ...{ v4AssignMode: { zt: false }, v6AssignMode: { '6plane': false, rfc4193: false, zt: false } },
      },
    }
  }

  #newMember(networkId: string, nodeId: string): Json {
    return {
      ...{ id: `${networkId}-${nodeId}`, type: 'Member', clock: this.#clock(), networkId, nodeId, hidden: false },
      ...{ controllerId: networkId.slice(0, 10), name: '', description: '', lastOnline: 0, lastSeen: 0 },
      ...{ physicalAddress: null, clientVersion: '0.0.0', protocolVersion: 0, supportsRulesEngine: false },
      config: {
        ...{ activeBridge: false, address: nodeId, authorized: false, capabilities: [], creationTime: this.#clock() },
        ...{ id: nodeId, identity: '', ipAssignments: [], lastAuthorizedTime: 0, lastDeauthorizedTime: 0 },
        ...{ noAutoAssignIps: false, nwid: networkId, objtype: 'member', remoteTraceTarget: null, revision: 1 },
        ...{ ssoExempt: false, tags: [], vMajor: -1, vMinor: -1, vRev: -1, vProto: -1 },
      },
    }
  }

  #user(): Json {
    return {
      ...{ id: USER, orgId: ORG, displayName: 'Joe User', email: 'joe@example.com', smsNumber: null },
      ...{
        globalPermissions: { a: true, d: true, m: true, r: true },
        auth: { local: 'joe@example.com', google: null },
      },
      tokens: [...this.#tokens],
    }
  }

  #status(): Json {
    return {
      ...{ id: 'central_status', type: 'CentralStatus', clock: this.#clock(), version: '1.6.5', apiVersion: '4' },
      ...{ uptime: 3_600_000, user: this.#user(), readOnlyMode: false },
      loginMethods: {
        local: true,
        google: true,
        twitter: false,
        facebook: false,
        github: false,
        saml: false,
        oidc: true,
      },
    }
  }
}

export interface CentralServerOptions {
  readonly token?: string
  /** Requests that are answered a second; more get 429. */
  readonly perSecond?: number
  readonly clock?: () => number
}

type Answer = readonly [status: number, body?: unknown]

const merged = (was: Json, patch: Json): Json => ({
  ...was,
  ...patch,
  config: { ...(was['config'] as Json), ...(patch['config'] as Json | undefined) },
})

const say = (
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
) => {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}

const withoutEnd = (response: ServerResponse): void => {
  const more = (): void => {
    while (response.writable && response.write(MEGABYTE));
  }
  response.on('drain', more)
  more()
}

const NOT_FOUND: Answer = [404, { message: 'Item not found' }]
const USER = '00000000-0000-0000-0000-000000000001'
const ORG = '00000000-0000-0000-0000-000000000002'
const INVITATION = '00000000-0000-0000-0000-000000000003'
const ORG_MEMBER = { orgId: ORG, userId: USER, name: null, email: 'joe@example.com' }
const MEGABYTE = Buffer.alloc(1024 * 1024, 0x20)
