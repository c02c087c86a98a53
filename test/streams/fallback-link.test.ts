import { BehaviorSubject, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { LinkDatagram, LocalSocket, OutgoingDatagram } from '../../src/protocol/datagram.ts'
import type { FallbackMode } from '../../src/protocol/relay/fallback.ts'
import { fallbackLink } from '../../src/streams/fallback-link.ts'
import type { Link } from '../../src/streams/link.ts'
import type { RelayLink } from '../../src/streams/relay-link.ts'
import { VirtualClock } from '../../src/streams/virtual/virtual-clock.ts'

const far = { address: '8.8.8.8', port: 9993 }
const near = { address: '10.0.0.9', port: 9993 }
const data = new Uint8Array(40)

const setting = (mode: FallbackMode) => {
  const clock = new VirtualClock()
  const incoming = new Subject<readonly LinkDatagram[]>()
  const local = new BehaviorSubject<readonly LocalSocket[]>([{ address: '10.0.0.1', port: 9993, socket: 1 }])
  const udp: OutgoingDatagram[] = []
  const direct: Link = {
    name: 'udp',
    incoming$: incoming,
    local$: local,
    send: (batch) => void udp.push(...batch),
    close: async () => local.complete(),
  }
  const connected = new BehaviorSubject(false)
  const tunnel = new Subject<readonly LinkDatagram[]>()
  const tcp: OutgoingDatagram[] = []
  const asked: number[] = []
  const relay: RelayLink = {
    name: 'relay',
    incoming$: tunnel,
    connected$: connected,
    get connected() {
      return connected.value
    },
    connect: () => void asked.push(clock.now() - clock.start),
    disconnect: () => connected.next(false),
    send: (batch) => void tcp.push(...batch),
    close: async () => connected.complete(),
  }
  const link = fallbackLink(direct, relay, mode, clock)
  const heard: LinkDatagram[] = []
  const sockets: (readonly LocalSocket[])[] = []
  link.incoming$.subscribe((batch) => heard.push(...batch))
  link.local$.subscribe((now) => sockets.push(now))
  const send = (ms: number, to = far): void => {
    for (let t = 0; t < ms; t += 500) {
      link.send([{ data, to }])
      clock.runTo(clock.now() + 500)
    }
  }
  return { clock, incoming, udp, connected, tunnel, tcp, asked, link, heard, sockets, send }
}

describe('a link with a relay to fall back on', () => {
  it('is the link alone while UDP works', () => {
    const { asked, incoming, send, tcp, udp, heard, sockets } = setting('auto')
    for (let i = 0; i < 10; i++) {
      send(30_000)
      incoming.next([{ data, from: far, socket: 1 }])
    }
    expect(asked).toEqual([])
    expect(tcp).toEqual([])
    expect(udp).toHaveLength(600)
    expect(heard).toHaveLength(10)
    expect(sockets).toHaveLength(1)
  })

  it('gets a socket more when the relay is connected, and loses it with the connection', () => {
    const { asked, connected, send, tunnel, heard, sockets } = setting('auto')
    send(61_000)
    expect(asked).toHaveLength(1)
    connected.next(true)
    expect(sockets.at(-1)).toMatchObject([{ socket: 1 }, { socket: -1, tunnel: true }])
    tunnel.next([{ data, from: far, socket: 0 }])
    expect(heard).toEqual([{ data, from: far, socket: -1 }])
    connected.next(false)
    expect(sockets.at(-1)).toMatchObject([{ socket: 1 }])
    send(10_000)
    expect(asked).toHaveLength(2)
  })

  it('sends by the tunnel what belongs there, and what goes everywhere in the world', () => {
    const { connected, send, tcp, udp, link } = setting('auto')
    send(61_000)
    connected.next(true)
    udp.length = 0
    link.send([
      { data, to: far },
      { data, to: near },
      { data, to: far, socket: 1 },
      { data, to: far, socket: -1 },
      { data, to: { address: '2001:4860:4860::8888', port: 1 } },
      { data: data.subarray(0, 4), to: far, ttl: 2 },
    ])
    expect(tcp.map(({ to, socket }) => [to.address, socket])).toEqual([
      ['8.8.8.8', undefined],
      ['8.8.8.8', -1],
    ])
    expect(udp).toHaveLength(5)
  })

  it('shuts the tunnel when something arrives by UDP from the world, not from the neighbourhood', () => {
    const { connected, incoming, send } = setting('auto')
    send(61_000)
    connected.next(true)
    incoming.next([{ data, from: near, socket: 1 }])
    incoming.next([{ data: data.subarray(0, 4), from: far, socket: 1 }])
    expect(connected.value).toBe(true)
    incoming.next([{ data, from: far, socket: 1 }])
    expect(connected.value).toBe(false)
  })

  it('does not begin for traffic in the neighbourhood', () => {
    const { asked, send } = setting('auto')
    send(200_000, near)
    expect(asked).toEqual([])
  })

  it('uses nothing else if it always goes by the relay', () => {
    const { asked, clock, connected, incoming, link, heard, sockets, tcp, udp } = setting('always')
    clock.runTo(clock.now())
    expect(asked).toEqual([0])
    link.send([{ data, to: far }])
    connected.next(true)
    link.send([{ data, to: far }])
    incoming.next([{ data, from: far, socket: 1 }])
    expect([udp.length, tcp.length, heard.length]).toEqual([0, 1, 0])
    expect(sockets.map((some) => some.map(({ socket }) => socket))).toEqual([[], [-1]])
  })

  it('ends with its links', async () => {
    const { link } = setting('auto')
    let ended = false
    link.local$.subscribe({ complete: () => (ended = true) })
    await link.close()
    expect(ended).toBe(true)
  })
})
