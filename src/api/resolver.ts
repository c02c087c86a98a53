import { finalize, forkJoin, type Observable, of, type SchedulerLike, share, tap } from 'rxjs'
import { canonicalIp, type IpAddress } from '../protocol/kernel/ip.ts'
import { SocketError } from '../streams/error.ts'
import { type NameQuestion, nameQuery } from '../streams/name-query.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import { familyOf } from '../streams/snapshot.ts'
import { dnsCache } from '../tcpip/dns/cache.ts'
import type { LookupResult } from '../tcpip/dns/lookup.ts'
import type { AddressType } from '../tcpip/dns/message.ts'
import { domainName, isWithin } from '../tcpip/dns/name.ts'
import type { ResolveOptions } from './network-options.ts'
import { waitFor } from './wait.ts'

/** Options of a resolution, any of them left out or `undefined`. */
export type Wanted = { readonly [K in keyof ResolveOptions]?: ResolveOptions[K] | undefined }

/** What the caller of `join` knows of names. */
export interface NameOptions {
  /** Name servers for everything outside the domain that the controller pushed servers for. */
  readonly dns?: readonly IpAddress[]
  /** Names that need no server; they are asked first, like a hosts file. */
  readonly hosts?: Readonly<Record<string, readonly IpAddress[]>>
}

/**
 * The names of one network: literal addresses, `localhost`, the hosts of the caller, then DNS. Names in the domain of the
 * network are asked of its servers, others of the caller's; a name without a dot is looked for in the domain first.
 */
export class Resolver {
  readonly #network: NetworkCore
  readonly #clock: SchedulerLike
  readonly #cache = dnsCache()
  /** Questions on their way, each asked once whoever waits. */
  readonly #asking = new Map<string, Observable<LookupResult>>()
  #hosts: ReadonlyMap<string, readonly IpAddress[]> = new Map()
  #servers: readonly IpAddress[] = []

  constructor(network: NetworkCore, clock: SchedulerLike) {
    this.#network = network
    this.#clock = clock
  }

  use({ dns, hosts }: NameOptions): void {
    if (dns !== undefined) this.#servers = dns.map(canonical)
    if (hosts === undefined) return
    this.#hosts = new Map(
      Object.entries(hosts).map(([name, addresses]) => [domainName(name) ?? name, addresses.map(canonical)]),
    )
  }

  /** Addresses that need no question, in the order of preference; `undefined`: ask. */
  known(text: string): readonly IpAddress[] | undefined {
    const literal = canonicalIp(text.replace(/^\[(.*)\]$/, '$1'))
    if (literal !== undefined) return [literal]
    const name = domainName(text)
    if (name === undefined) return undefined
    return this.#hosts.get(name) ?? (isWithin(name, 'localhost') ? LOCALHOST : undefined)
  }

  /** @throws {SocketError} `ENOTFOUND`; `EAI_AGAIN` if no server answers */
  async ask(text: string, { family, servers, signal, timeout }: Wanted): Promise<readonly IpAddress[]> {
    const name = domainName(text)
    if (name === undefined) throw notFound(text, 'that is no name; use an IP address like 10.147.17.5, or a host name')
    const types: readonly AddressType[] = family === undefined ? ['AAAA', 'A'] : family === 6 ? ['AAAA'] : ['A']
    let failure = notFound(text, this.#whyNobody())
    for (const candidate of this.#candidates(name, text.endsWith('.'))) {
      const asked = servers?.map(canonical) ?? this.#serversFor(candidate)
      if (asked.length === 0) continue
      const results = await this.#wait(
        text,
        { signal, timeout },
        types.map((type) => ({ name: candidate, type, servers: asked })),
      )
      const found = results.flatMap((result) => (result._tag === 'Found' ? result.addresses : []))
      if (found.length > 0) return this.#ordered(found)
      const unanswered = results.some((result) => result._tag === 'Failed')
      failure = unanswered ? again(text, asked) : notFound(text, 'the name servers of the network do not know it')
      if (unanswered) break
    }
    if (this.#network.ended !== undefined) throw this.#network.ended
    throw failure
  }

  #candidates(name: string, isAbsolute: boolean): readonly string[] {
    const domain = this.#domain
    return isAbsolute || name.includes('.') || domain === undefined ? [name] : [`${name}.${domain}`, name]
  }
  get #domain(): string | undefined {
    const { dns } = this.#network.state
    return dns === undefined ? undefined : domainName(dns.domain)
  }
  #serversFor(name: string): readonly IpAddress[] {
    const domain = this.#domain
    return domain !== undefined && isWithin(name, domain) ? (this.#network.state.dns?.servers ?? []) : this.#others
  }
  /** The caller's come first; those of routers are for who has none. */
  get #others(): readonly IpAddress[] {
    return this.#servers.length > 0 ? this.#servers : this.#network.advertisedServers
  }
  #whyNobody(): string {
    const domain = this.#domain
    return domain === undefined
      ? 'the controller of the network pushes no name servers; use an IP address, or pass dns to join()'
      : `the name servers of the network answer for ${domain}; use an IP address, or pass dns to join()`
  }

  #wait(
    text: string,
    wait: { readonly signal: AbortSignal | undefined; readonly timeout: number | undefined },
    questions: readonly NameQuestion[],
  ): Promise<readonly LookupResult[]> {
    const late = (): SocketError => again(text, questions[0]?.servers ?? [])
    return waitFor<readonly LookupResult[]>(this.#clock, wait, late, ({ resolve, reject }) => {
      if (this.#asking.size + questions.length > MOST_ASKED) {
        reject(new SocketError('ENOBUFS', 'getaddrinfo', { address: text }, 'too many names are being looked up'))
        return () => undefined
      }
      const asking = forkJoin(questions.map((question) => this.#question(question))).subscribe({
        next: resolve,
        error: reject,
      })
      return () => asking.unsubscribe()
    })
  }

  #question(question: NameQuestion): Observable<LookupResult> {
    const key = `${question.type} ${question.name} ${question.servers.join()}`
    const known = this.#cache.find(key, this.#clock.now())
    if (known !== undefined) return of(known)
    let asking = this.#asking.get(key)
    if (asking === undefined) {
      asking = nameQuery(this.#network, this.#clock, question).pipe(
        tap((result) => this.#cache.keep(key, result, this.#clock.now())),
        finalize(() => this.#asking.delete(key)),
        share(),
      )
      this.#asking.set(key, asking)
    }
    return asking
  }

  /** The family we have an address of first, IPv6 before IPv4 (RFC 6724 §6 on one interface). */
  #ordered(found: readonly IpAddress[]): readonly IpAddress[] {
    const { addresses } = this.#network.state
    const rank = (ip: IpAddress): number =>
      (addresses.some(({ family }) => family === familyOf(ip)) ? 0 : 2) + (familyOf(ip) === 6 ? 0 : 1)
    return found.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** The option was checked when it was given. */
const canonical = (text: IpAddress): IpAddress => canonicalIp(text) ?? text

const notFound = (name: string, why: string): SocketError =>
  new SocketError('ENOTFOUND', 'getaddrinfo', { address: name }, why)
const again = (name: string, servers: readonly IpAddress[]): SocketError =>
  new SocketError('EAI_AGAIN', 'getaddrinfo', { address: name }, `no answer from ${servers.join(' or ')}; try again`)

const LOCALHOST: readonly IpAddress[] = ['::1', '127.0.0.1']
const MOST_ASKED = 256
