import { Observable, type SchedulerLike, Subject } from 'rxjs'
import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import { type LookupInput, type LookupOutput, type LookupResult, lookup } from '../tcpip/dns/lookup.ts'
import type { AddressType } from '../tcpip/dns/message.ts'
import { FIRST_EPHEMERAL, LAST_EPHEMERAL } from '../tcpip/port.ts'
import type { RunningNetwork } from './network.ts'
import { runMachine } from './run-machine.ts'
import type { SocketNews, SocketTable } from './sockets.ts'

export interface NameQuestion {
  readonly name: string
  readonly type: AddressType
  readonly servers: readonly IpAddress[]
}
/** What a question needs of the network it is asked on. */
export interface Asking extends Pick<RunningNetwork, 'random' | 'call'> {
  readonly sockets: Pick<SocketTable, 'nextId' | 'add' | 'drop'>
}
type Ask = Extract<LookupOutput, { readonly _tag: 'Ask' }>
type Tell = (input: LookupInput) => void

/** Asks name servers over sockets of the network; one result, then it completes. Unsubscribing ends the questions. */
export const nameQuery = (network: Asking, clock: SchedulerLike, question: NameQuestion): Observable<LookupResult> =>
  new Observable((out) => {
    const input = new Subject<LookupInput>()
    const tell: Tell = (news) => input.next(news)
    const machine = lookup({ ...question, random: network.random })
    out.add(
      input.pipe(runMachine(machine, clock)).subscribe({
        next: (output) => {
          if (output._tag === 'Ask') out.add((output.over === 'udp' ? overUdp : overTcp)(network, output, tell))
          else {
            out.next(output.result)
            out.complete()
          }
        },
        error: (defect) => out.error(defect),
      }),
    )
    tell({ _tag: 'Begin' })
  })

/** From a port of its own that nobody can guess; connected, so that only the server is heard (RFC 5452 §9). */
const overUdp = (network: Asking, { query, server, message }: Ask, tell: Tell): (() => void) => {
  let id = 0
  let tries = 0
  let isBound = false
  const failed = (): void => tell({ _tag: 'Failed', query })
  const bind = (): void => {
    tries++
    id = network.sockets.nextId()
    network.sockets.add(id, { news, gone: failed })
    const port = FIRST_EPHEMERAL + (readU16(network.random(2), 0) % (LAST_EPHEMERAL - FIRST_EPHEMERAL + 1))
    network.call({ call: 'bind', id, port })
  }
  const news = (one: SocketNews): void => {
    if (one._tag === 'Datagram') tell({ _tag: 'Message', query, message: one.data })
    else if (one._tag === 'SoftError') failed()
    else if (one._tag === 'Failed') {
      if (isBound || tries === TRIES) failed()
      else bind()
    } else if (one._tag === 'Opened' && !isBound) {
      isBound = true
      network.call({ call: 'associate', id, remote: { address: server, port: DNS } })
      network.call({ call: 'send', id, data: message })
    }
  }
  bind()
  return () => close(network, id)
}

/** The same, behind its length (RFC 7766). */
const overTcp = (network: Asking, { query, server, message }: Ask, tell: Tell): (() => void) => {
  const id = network.sockets.nextId()
  const failed = (): void => tell({ _tag: 'Failed', query })
  let received = new Uint8Array(0)
  const data = (more: Uint8Array): void => {
    const joined = new Uint8Array(received.length + more.length)
    joined.set(received)
    joined.set(more, received.length)
    received = joined
    network.call({ call: 'consume', id, bytes: more.length })
    const end = received.length < 2 ? Number.POSITIVE_INFINITY : 2 + readU16(received, 0)
    if (received.length >= end) tell({ _tag: 'Message', query, message: received.slice(2, end) })
  }
  const news = (one: SocketNews): void => {
    if (one._tag === 'Data') data(one.data)
    else if (one._tag === 'Opened') {
      const framed = new Uint8Array(2 + message.length)
      writeU16(framed, 0, message.length)
      framed.set(message, 2)
      network.call({ call: 'write', id, data: framed })
    } else if (one._tag === 'Failed' || one._tag === 'Ended' || one._tag === 'Closed') failed()
  }
  network.sockets.add(id, { news, gone: failed })
  const options = { noDelay: true }
  // how long it may take is for the lookup to say
  const deadline = Number.POSITIVE_INFINITY
  network.call({ call: 'connect', id, remote: { address: server, port: DNS }, options, deadline })
  return () => close(network, id)
}

const close = (network: Asking, id: number): void => {
  network.call({ call: 'close', id })
  network.sockets.drop(id)
}

const DNS = 53
const TRIES = 8
