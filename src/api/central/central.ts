import type * as t from 'io-ts'
import { asyncScheduler } from 'rxjs'
import { ArgumentError } from '../../streams/error.ts'
import { checkOptions, isRecord } from '../../streams/option.ts'
import { asNetworkId, asNodeId, type NetworkId, type NodeId } from '../id.ts'
import { CentralError } from './central-error.ts'
import { type CallOptions, type CentralOptions, callRules, checkedCentralOptions } from './central-options.ts'
import { type Ask, answerTo, type Line, nameOf } from './exchange.ts'
import type { RateLimit } from './rate-limit.ts'
import * as shapes from './shapes.ts'

/** What may be changed of a network. Lists are replaced as a whole. */
export type CentralNetworkInput = Partial<
  Pick<
    shapes.CentralNetwork,
    'description' | 'rulesSource' | 'permissions' | 'ownerId' | 'capabilitiesByName' | 'tagsByName'
  >
> & { readonly config?: Omit<shapes.CentralNetworkConfig, 'id' | 'creationTime' | 'lastModified'> }
/** What may be changed of a member. */
export type CentralMemberInput = Partial<Pick<shapes.CentralMember, 'name' | 'description' | 'hidden'>> & {
  readonly config?: Pick<
    shapes.CentralMemberConfig,
    'authorized' | 'activeBridge' | 'noAutoAssignIps' | 'ssoExempt' | 'ipAssignments' | 'capabilities' | 'tags'
  >
}

/**
 * The HTTP API of the hosted controller: one method for each operation that it publishes. Every call takes `signal`,
 * `timeout` and `retries`, and rejects with a `CentralError`, with a `SocketError` `ETIMEDOUT`, or with the signal's reason.
 */
export interface Central {
  readonly url: string
  /** As the last answer told it. */
  readonly rateLimit: RateLimit | undefined
  status(options?: CallOptions): Promise<shapes.CentralStatus>
  /** Whose token this is. */
  self(options?: CallOptions): Promise<shapes.CentralUser>
  /** A token of 32 characters, made by the server. */
  randomToken(options?: CallOptions): Promise<shapes.CentralRandomToken>

  networks(options?: CallOptions): Promise<readonly shapes.CentralNetwork[]>
  network(id: NetworkId | string, options?: CallOptions): Promise<shapes.CentralNetwork>
  createNetwork(input?: CentralNetworkInput, options?: CallOptions): Promise<shapes.CentralNetwork>
  /** Fields not given stay as they are. */
  updateNetwork(
    id: NetworkId | string,
    input: CentralNetworkInput,
    options?: CallOptions,
  ): Promise<shapes.CentralNetwork>
  deleteNetwork(id: NetworkId | string, options?: CallOptions): Promise<void>

  members(network: NetworkId | string, options?: CallOptions): Promise<readonly shapes.CentralMember[]>
  member(network: NetworkId | string, node: NodeId | string, options?: CallOptions): Promise<shapes.CentralMember>
  /** Also before the node asks to join; fields not given stay as they are. */
  updateMember(
    network: NetworkId | string,
    node: NodeId | string,
    input: CentralMemberInput,
    options?: CallOptions,
  ): Promise<shapes.CentralMember>
  authorize(network: NetworkId | string, node: NodeId | string, options?: CallOptions): Promise<shapes.CentralMember>
  deauthorize(network: NetworkId | string, node: NodeId | string, options?: CallOptions): Promise<shapes.CentralMember>
  deleteMember(network: NetworkId | string, node: NodeId | string, options?: CallOptions): Promise<void>

  user(id: string, options?: CallOptions): Promise<shapes.CentralUser>
  updateUser(
    id: string,
    input: Pick<shapes.CentralUser, 'displayName' | 'smsNumber'>,
    options?: CallOptions,
  ): Promise<shapes.CentralUser>
  /** With all networks of the user; nothing brings them back. */
  deleteUser(id: string, options?: CallOptions): Promise<void>
  /** `token`: at least 32 characters, of your own or of `randomToken()`. */
  addToken(
    user: string,
    token: Required<shapes.CentralApiToken>,
    options?: CallOptions,
  ): Promise<shapes.CentralApiToken>
  deleteToken(user: string, tokenName: string, options?: CallOptions): Promise<void>

  /** Without `id` that of the token's user. */
  organization(id?: string, options?: CallOptions): Promise<shapes.CentralOrganization>
  organizationMembers(id: string, options?: CallOptions): Promise<readonly shapes.CentralOrganizationMember[]>
  invitations(options?: CallOptions): Promise<readonly shapes.CentralInvitation[]>
  invitation(id: string, options?: CallOptions): Promise<shapes.CentralInvitation>
  invite(email: string, options?: CallOptions): Promise<shapes.CentralInvitation>
  acceptInvitation(id: string, options?: CallOptions): Promise<shapes.CentralInvitation>
  declineInvitation(id: string, options?: CallOptions): Promise<void>

  /** For what has no method here: the JSON of the answer, unchecked, `undefined` if it is empty. */
  request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, options?: CallOptions): Promise<unknown>
}

/**
 * A client of the hosted controller. Nothing is sent before the first call.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`
 * @example
 * const central = central({ token })
 * await central.authorize('8056c2e21c000001', node.id)
 */
export const central = (options: CentralOptions): Central => new CentralClient(options)

class CentralClient implements Central {
  readonly url: string
  readonly #line: Line
  readonly #timeout: number
  readonly #retries: number
  #rateLimit: RateLimit | undefined

  constructor(options: CentralOptions) {
    const { token, base } = checkedCentralOptions(options)
    const { fetch = globalThis.fetch, scheduler = asyncScheduler } = options
    this.url = base
    this.#line = { base, token, fetch, scheduler }
    this.#timeout = options.timeout ?? TIMEOUT
    this.#retries = options.retries ?? 0
  }

  get rateLimit(): RateLimit | undefined {
    return this.#rateLimit
  }

  status(options?: CallOptions): Promise<shapes.CentralStatus> {
    return this.#ask(get('/status'), shapes.status, options)
  }
  async self(options?: CallOptions): Promise<shapes.CentralUser> {
    const { user } = await this.status(options)
    if (user !== undefined) return user
    throw new CentralError('ERR_ZT_CENTRAL_ANSWER', 'GET /status: the answer names no user — check the url')
  }
  randomToken(options?: CallOptions): Promise<shapes.CentralRandomToken> {
    return this.#ask(get('/randomToken'), shapes.randomToken, options)
  }

  networks(options?: CallOptions): Promise<readonly shapes.CentralNetwork[]> {
    return this.#ask(get('/network'), shapes.networks, options)
  }
  async network(id: NetworkId | string, options?: CallOptions): Promise<shapes.CentralNetwork> {
    return this.#ask(get(networkPath(id)), shapes.network, options)
  }
  async createNetwork(input: CentralNetworkInput = {}, options?: CallOptions): Promise<shapes.CentralNetwork> {
    return this.#ask(post('/network', input), shapes.network, options)
  }
  async updateNetwork(
    id: NetworkId | string,
    input: CentralNetworkInput,
    options?: CallOptions,
  ): Promise<shapes.CentralNetwork> {
    return this.#ask(post(networkPath(id), input), shapes.network, options)
  }
  async deleteNetwork(id: NetworkId | string, options?: CallOptions): Promise<void> {
    await this.#json(remove(networkPath(id)), options)
  }

  async members(network: NetworkId | string, options?: CallOptions): Promise<readonly shapes.CentralMember[]> {
    return this.#ask(get(`${networkPath(network)}/member`), shapes.members, options)
  }
  async member(
    network: NetworkId | string,
    node: NodeId | string,
    options?: CallOptions,
  ): Promise<shapes.CentralMember> {
    return this.#ask(get(memberPath(network, node)), shapes.member, options)
  }
  async updateMember(
    network: NetworkId | string,
    node: NodeId | string,
    input: CentralMemberInput,
    options?: CallOptions,
  ): Promise<shapes.CentralMember> {
    return this.#ask(post(memberPath(network, node), input), shapes.member, options)
  }
  authorize(network: NetworkId | string, node: NodeId | string, options?: CallOptions): Promise<shapes.CentralMember> {
    return this.updateMember(network, node, { config: { authorized: true } }, options)
  }
  deauthorize(
    network: NetworkId | string,
    node: NodeId | string,
    options?: CallOptions,
  ): Promise<shapes.CentralMember> {
    return this.updateMember(network, node, { config: { authorized: false } }, options)
  }
  async deleteMember(network: NetworkId | string, node: NodeId | string, options?: CallOptions): Promise<void> {
    await this.#json(remove(memberPath(network, node)), options)
  }

  async user(id: string, options?: CallOptions): Promise<shapes.CentralUser> {
    return this.#ask(get(`/user/${part('user id', id)}`), shapes.user, options)
  }
  async updateUser(
    id: string,
    input: Pick<shapes.CentralUser, 'displayName' | 'smsNumber'>,
    options?: CallOptions,
  ): Promise<shapes.CentralUser> {
    return this.#ask(post(`/user/${part('user id', id)}`, input), shapes.user, options)
  }
  async deleteUser(id: string, options?: CallOptions): Promise<void> {
    await this.#json(remove(`/user/${part('user id', id)}`), options)
  }
  async addToken(
    user: string,
    token: Required<shapes.CentralApiToken>,
    options?: CallOptions,
  ): Promise<shapes.CentralApiToken> {
    const ask = post(`/user/${part('user id', user)}/token`, token)
    // its value stays out of the message, right or wrong
    if (typeof token.token !== 'string' || token.token.length < SHORTEST_TOKEN)
      throw invalid(`token is not valid — use ${SHORTEST_TOKEN} characters or more, as randomToken() gives`)
    return this.#ask({ ...ask, secret: token.token }, shapes.apiToken, options)
  }
  async deleteToken(user: string, tokenName: string, options?: CallOptions): Promise<void> {
    await this.#json(remove(`/user/${part('user id', user)}/token/${part('token name', tokenName)}`), options)
  }

  async organization(id?: string, options?: CallOptions): Promise<shapes.CentralOrganization> {
    const path = id === undefined ? '/org' : `/org/${part('organization id', id)}`
    return this.#ask(get(path), shapes.organization, options)
  }
  async organizationMembers(id: string, options?: CallOptions): Promise<readonly shapes.CentralOrganizationMember[]> {
    return this.#ask(get(`/org/${part('organization id', id)}/user`), shapes.organizationMembers, options)
  }
  invitations(options?: CallOptions): Promise<readonly shapes.CentralInvitation[]> {
    return this.#ask(get('/org-invitation'), shapes.invitations, options)
  }
  async invitation(id: string, options?: CallOptions): Promise<shapes.CentralInvitation> {
    return this.#ask(get(`/org-invitation/${part('invitation id', id)}`), shapes.invitation, options)
  }
  invite(email: string, options?: CallOptions): Promise<shapes.CentralInvitation> {
    return this.#ask(post('/org-invitation', { email }), shapes.invitation, options)
  }
  async acceptInvitation(id: string, options?: CallOptions): Promise<shapes.CentralInvitation> {
    return this.#ask(post(`/org-invitation/${part('invitation id', id)}`, {}), shapes.invitation, options)
  }
  async declineInvitation(id: string, options?: CallOptions): Promise<void> {
    await this.#json(remove(`/org-invitation/${part('invitation id', id)}`), options)
  }

  async request(method: Ask['method'], path: string, body?: unknown, options?: CallOptions): Promise<unknown> {
    if (!['GET', 'POST', 'DELETE'].includes(method)) throw invalid('method is not valid — use GET, POST or DELETE')
    if (typeof path !== 'string' || !PATH.test(path)) throw invalid('path is not valid — write it like /network')
    return this.#json({ method, path, ...(body === undefined ? {} : { body }) }, options)
  }

  async #ask<A>(ask: Ask, type: t.Type<A, unknown, unknown>, options?: CallOptions): Promise<A> {
    const found = type.decode(await this.#json(ask, options))
    if (found._tag === 'Right') return found.right
    throw new CentralError('ERR_ZT_CENTRAL_ANSWER', `${nameOf(ask)}: ${misfit(found.left)} — check the url`)
  }

  async #json(ask: Ask, options: CallOptions = {}): Promise<unknown> {
    checkOptions('the call', options, callRules)
    const { signal, timeout = this.#timeout, retries = this.#retries } = options
    const call = { timeout, retries, ...(signal === undefined ? {} : { signal }) }
    return answerTo(this.#line, ask, call, (limit) => {
      this.#rateLimit = limit
    })
  }
}

const get = (path: string): Ask => ({ method: 'GET', path })
const remove = (path: string): Ask => ({ method: 'DELETE', path })
const post = (path: string, body: unknown): Ask => {
  if (!isRecord(body) || Array.isArray(body)) throw invalid('what is to be changed is not valid — pass an object')
  return { method: 'POST', path, body }
}

const networkPath = (id: NetworkId | string): string => `/network/${asNetworkId(id)}`
const memberPath = (network: NetworkId | string, node: NodeId | string): string =>
  `${networkPath(network)}/member/${asNodeId(node)}`
/** A piece of a path: an empty one, or dots, would name another thing. */
const part = (name: string, text: string): string => {
  if (typeof text === 'string' && !/^\.{0,2}$/.test(text)) return encodeURIComponent(text)
  throw invalid(`${name} is not valid — pass the text that the API gave`)
}

/** The first field that is not what it should be. Its value is not told. */
const misfit = (errors: t.Errors): string => {
  const context = errors[0]?.context ?? []
  const place = context.map(({ key }) => key).filter((key) => key !== '')
  const last = context.at(-1)
  const what = place.length === 0 ? 'the answer' : `${place.join('.')} of the answer`
  const found = last?.actual === null ? 'null' : typeof last?.actual
  return `${what} is no ${last?.type.name ?? 'JSON'} but ${found}`
}

const invalid = (message: string): ArgumentError => new ArgumentError('ERR_ZT_INVALID_OPTION', message)

const TIMEOUT = 30_000
const SHORTEST_TOKEN = 32
const PATH = /^(\/[\w.~%-]+)+$/
