import type { Mac } from '../protocol/kernel/id.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import { between, type Host } from './host.ts'
import type { Ip } from './ip-output.ts'
import {
  advertised,
  confirm,
  doubt,
  end,
  expire,
  hear,
  incomplete,
  type Neighbour,
  REACHABLE,
  told,
  use,
} from './neighbour.ts'

/** What the cache asks of the protocols above and below it. */
export interface NeighbourHands {
  /** Sends an ARP request or Neighbor Solicitation: to everybody, or only to the MAC that is known. */
  readonly ask: (neighbour: Neighbour, everybody: boolean) => void
  readonly transmit: (packet: Uint8Array, to: Neighbour) => void
  /** Nobody answers: what waited is told so. */
  readonly unreachable: (packet: Uint8Array) => void
}

/** The neighbours of one interface, both families: bounded, with the packets that wait for an answer. */
export interface NeighbourCache {
  /** The neighbour as it is known now, or newly asked for. Flows keep it until it is `Gone`. */
  readonly towards: (ip: Ip) => Neighbour
  /** Sends the packet at once, or keeps it until the neighbour answers. */
  readonly send: (neighbour: Neighbour, packet: Uint8Array) => void
  readonly confirm: (neighbour: Neighbour) => void
  /** A transport hears nothing through it: it is probed now instead of when its time is over. */
  readonly doubt: (neighbour: Neighbour) => void
  /** A sender named its own address; `create` says whether strangers are worth an entry. */
  readonly heard: (ip: Ip, mac: Mac, create: boolean) => void
  readonly advertised: (ip: Ip, mac: Mac | undefined, solicited: boolean, override: boolean) => void
  readonly find: (ip: Ip) => Neighbour | undefined
  readonly deadline: () => Millis
  readonly tick: () => void
  readonly size: () => number
}

export const neighbourCache = (host: Host, hands: NeighbourHands): NeighbourCache => {
  const all = new Map<string, Neighbour>()
  /** Those with a time to keep: `Incomplete`, `Delay`, `Probe`. The others are moved when they are used. */
  const timed = new Set<Neighbour>()
  let asking = 0
  let waiting = 0
  let waitingBytes = 0
  let earliest: Millis = Infinity

  const watch = (n: Neighbour): void => {
    timed.add(n)
    if (n.deadline < earliest) earliest = n.deadline
  }
  const isKeeper = (n: Neighbour): boolean => n.state === 'Incomplete' || n.state === 'Delay' || n.state === 'Probe'

  const count = (packets: number, bytes: number): void => {
    waiting += packets
    waitingBytes += bytes
  }
  const release = (n: Neighbour): readonly Uint8Array[] => {
    const packets = n.waiting
    n.waiting = []
    for (const packet of packets) count(-1, -packet.length)
    return packets
  }
  const forget = (n: Neighbour, wasAsking: boolean): void => {
    end(n)
    if (wasAsking) asking--
    timed.delete(n)
    if (all.get(n.ip.text) === n) all.delete(n.ip.text)
    for (const packet of release(n)) hands.unreachable(packet)
  }
  /** Room for one more: the oldest that nobody needs now goes, else the oldest of all. */
  const makeRoom = (): void => {
    if (all.size < MOST_NEIGHBOURS) return
    let victim: Neighbour | undefined
    for (const n of all.values()) {
      if (victim === undefined) victim = n
      if (n.state === 'Stale' || (n.state === 'Reachable' && n.deadline <= host.now)) {
        victim = n
        break
      }
    }
    if (victim === undefined) return
    host.drop('neighbour-limit')
    forget(victim, victim.state === 'Incomplete')
  }
  const limitAsking = (): void => {
    if (asking < MOST_ASKING) return
    for (const n of timed) {
      if (n.state !== 'Incomplete') continue
      host.drop('neighbour-limit')
      forget(n, true)
      return
    }
  }

  /** After a transition: news for the members list, and the packets that waited. */
  const settle = (n: Neighbour, macBefore: Mac, wasAsking: boolean): void => {
    if (n.mac !== macBefore) host.out({ _tag: 'Neighbour', address: n.ip.text, mac: n.mac })
    if (!isKeeper(n)) timed.delete(n)
    if (!wasAsking || n.state === 'Incomplete') return
    asking--
    for (const packet of release(n)) transmit(n, packet)
  }
  const transmit = (n: Neighbour, packet: Uint8Array): void => {
    const before = n.state
    use(n, host.now)
    if (n.state === 'Delay' && before !== 'Delay') watch(n)
    hands.transmit(packet, n)
  }
  const reachableFor = (): Millis => between(host.random, REACHABLE / 2, (REACHABLE * 3) / 2)

  return {
    towards: (ip) => {
      const known = all.get(ip.text)
      if (known !== undefined) return known
      makeRoom()
      limitAsking()
      const fresh = incomplete(ip, host.now)
      all.set(ip.text, fresh)
      asking++
      watch(fresh)
      hands.ask(fresh, true)
      return fresh
    },
    send: (n, packet) => {
      if (n.state !== 'Incomplete') {
        transmit(n, packet)
        return
      }
      if (waiting >= MOST_WAITING || waitingBytes + packet.length > MOST_WAITING_BYTES) {
        host.drop('neighbour-queue')
        return
      }
      n.waiting.push(packet)
      count(1, packet.length)
      if (n.waiting.length <= MOST_WAITING_FOR_ONE) return
      count(-1, -(n.waiting.shift()?.length ?? 0))
      host.drop('neighbour-queue')
    },
    confirm: (n) => {
      // on every acknowledgement of TCP: the lifetime is drawn anew only once half of the shortest one is gone
      if (n.state === 'Reachable' && n.deadline - host.now > REACHABLE / 4) return
      confirm(n, host.now, reachableFor())
      timed.delete(n)
    },
    doubt: (n) => {
      if (!doubt(n, host.now)) return
      watch(n)
      hands.ask(n, false)
    },
    heard: (ip, mac, create) => {
      const known = all.get(ip.text)
      if (known === undefined) {
        if (!create) return
        makeRoom()
        all.set(ip.text, told(ip, mac))
        host.out({ _tag: 'Neighbour', address: ip.text, mac })
        return
      }
      const before = known.mac
      const wasAsking = known.state === 'Incomplete'
      hear(known, mac)
      settle(known, before, wasAsking)
    },
    advertised: (ip, mac, solicited, override) => {
      const known = all.get(ip.text)
      if (known === undefined) return
      const before = known.mac
      const wasAsking = known.state === 'Incomplete'
      advertised(known, mac, solicited, override, host.now, reachableFor())
      settle(known, before, wasAsking)
    },
    find: (ip) => all.get(ip.text),
    deadline: () => earliest,
    tick: () => {
      if (host.now < earliest) return
      earliest = Infinity
      for (const n of [...timed]) {
        const wasAsking = n.state === 'Incomplete'
        const then = expire(n, host.now)
        if (then === 'AskAll') hands.ask(n, true)
        else if (then === 'AskIt') hands.ask(n, false)
        else if (then === 'Gone') forget(n, wasAsking)
        if (!isKeeper(n)) timed.delete(n)
        else if (n.deadline < earliest) earliest = n.deadline
      }
    },
    size: () => all.size,
  }
}

const MOST_NEIGHBOURS = 4096
/** Against a scan of a whole prefix: more than this many are never asked for at once. */
const MOST_ASKING = 512
const MOST_WAITING = 1024
const MOST_WAITING_FOR_ONE = 32
/** Packets wait whole and are cut when they leave, so one may be as long as IP allows. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024
