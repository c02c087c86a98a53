import type { Frame } from '../protocol/kernel/frame.ts'
import type { Machine, Millis } from '../protocol/kernel/machine.ts'
import { ANY_V4, isGroupMac } from './address.ts'
import { addressResolution } from './address-resolution.ts'
import { autoconfiguration } from './autoconfiguration.ts'
import { echoes } from './echo.ts'
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethernet.ts'
import { host as createHost } from './host.ts'
import {
  noHost,
  PARAMETER_PROBLEM_V6,
  PORT_UNREACHABLE_V4,
  PORT_UNREACHABLE_V6,
  PROTOCOL_UNREACHABLE_V4,
  UNREACHABLE_V4,
  UNREACHABLE_V6,
} from './icmp.ts'
import { icmpErrors } from './icmp-errors.ts'
import { icmpInput } from './icmp-input.ts'
import { createInterface } from './interface.ts'
import { interning } from './interning.ts'
import { ipSender } from './ip-sender.ts'
import { ICMP, IGMP, TCP, UDP } from './ipv4.ts'
import { ipv4Input } from './ipv4-input.ts'
import { ICMPV6, UNKNOWN_NEXT_HEADER } from './ipv6.ts'
import { ipv6Input } from './ipv6-input.ts'
import { multicast } from './multicast.ts'
import { neighbourCache } from './neighbour-cache.ts'
import { neighbourDiscovery } from './neighbour-discovery.ts'
import { rawSockets } from './raw-sockets.ts'
import type { Received } from './received.ts'
import { siphash } from './siphash.ts'
import type { SocketId, StackCall, StackConfig, StackDropReason, StackInput, StackOutput } from './stack-io.ts'
import { createTcp } from './tcp/create-tcp.ts'
import type { TcpInfo } from './tcp/inspect.ts'
import type { Tcp, TcpDeps } from './tcp/tcp.ts'
import { refuseUdp } from './udp.ts'
import { udpSockets } from './udp-sockets.ts'

/** What can be seen of a stack from outside, for tests and limits; it is a mutable accumulator behind that. */
export interface StackState {
  readonly sizes: () => { readonly neighbours: number; readonly fragments: number; readonly fragmentBytes: number }
  /** What was counted so far, by `protocol/counter`. */
  readonly counts: () => Readonly<Record<string, number>>
  readonly tcpInfo: (id: SocketId) => TcpInfo | undefined
  readonly run: (input: StackInput | undefined, now: Millis) => readonly StackOutput[]
  readonly deadline: () => Millis
}

/**
 * An Ethernet host in software: one segment, one MAC, any number of addresses; ARP, ND, IPv4, IPv6, ICMP, UDP and TCP.
 *
 *     Frames ─▶ ARP | IPv4 | IPv6 ─▶ ICMP | UDP | TCP ─▶ Data, Datagram, Echo …
 *     Calls ─▶ sockets ─▶ IP ─▶ route ─▶ neighbour ─▶ Frames        own addresses ─▶ queue ─▶ IPv4 | IPv6
 *
 * Made once per use: `initial` belongs to that one use.
 */
export const stack = (
  config: StackConfig,
  tcpOf: (deps: TcpDeps) => Tcp = createTcp,
): Machine<StackState, StackInput, StackOutput> => {
  const initial = assemble(config, tcpOf)
  return {
    initial,
    step: (state, input, now) => [state, state.run(input, now)],
    deadline: (state) => state.deadline(),
    tick: (state, now) => [state, now < state.deadline() ? [] : state.run(undefined, now)],
  }
}

const assemble = ({ mac, random, trustLink = false }: StackConfig, tcpOf: (deps: TcpDeps) => Tcp): StackState => {
  const host = createHost(mac, random)
  const hash = siphash(random(16))
  const intern = interning()
  const iface = createInterface(mac, intern)
  const sender = ipSender(host, iface, intern, () => neighbours, hash)
  const neighbours = neighbourCache(host, {
    ask: (neighbour, everybody) => {
      if (neighbour.ip.family === 4) arp.ask(neighbour, everybody)
      else discovery.ask(neighbour, everybody)
    },
    transmit: sender.transmit,
    unreachable: (packet) => icmp.unreachable(packet, noHost),
  })
  const arp = addressResolution(host, iface, intern, () => neighbours)
  const discovery = neighbourDiscovery(
    host,
    iface,
    intern,
    () => neighbours,
    (ip) => routers.lost(ip),
  )
  const errors = icmpErrors(host, iface, sender)
  const udp = udpSockets(host, sender, iface, intern, hash)
  const routers = autoconfiguration(host, intern)
  const raw = rawSockets(host, sender, iface, intern)
  const groups = multicast(host, iface, intern, udp.joined)
  const echo = echoes(host, sender, intern)
  const icmp = icmpInput(host, sender, intern, () => ({ tcp, udp, echoes: echo, discovery, groups, routers }))
  const v4 = ipv4Input(host, iface, intern, udp.isJoined, () => errors)
  const v6 = ipv6Input(host, iface, intern, udp.isJoined, () => errors)
  const outOfTcp = (output: StackOutput): void => {
    if (output._tag === 'Drop') host.drop(output.reason)
    else host.out(output)
  }
  const tcp = tcpOf({ ip: sender, random, out: outOfTcp, trustLink })
  const received: Received = {
    ...{ packet: new Uint8Array(0), source: ANY_V4, destination: ANY_V4, protocol: 0, at: 0, named: 0, ttl: 0, tos: 0 },
    ...{ toGroup: false, from: mac, isUnicastFrame: true, isLooped: false },
  }
  let knownJoined = 0
  let knownAdvertised = 0
  let configured: Configuration = { mtu: 0, addresses: [], routes: [] }

  /** A checked packet, to whom it belongs. Why nobody wants it, or `undefined`. */
  const deliver = (): StackDropReason | undefined => {
    const { packet, at, source, destination, toGroup } = received
    const isSeen = raw.show(received)
    const isV4 = destination.family === 4
    switch (received.protocol) {
      case TCP:
        if (toGroup || !received.isUnicastFrame) return 'not-for-us'
        tcp.input(destination, source, packet.subarray(at), host.now)
        return undefined
      case UDP: {
        const wrong = refuseUdp(packet, at, destination, source, !trustLink && !received.isLooped)
        if (wrong !== undefined) return wrong
        if (udp.input(destination, source, packet, at, toGroup, received.from)) return undefined
        if (isV4) errors.send(received, UNREACHABLE_V4, PORT_UNREACHABLE_V4, 0)
        else errors.send(received, UNREACHABLE_V6, PORT_UNREACHABLE_V6, 0)
        return 'udp-no-port'
      }
      case ICMP:
      case ICMPV6:
        if ((received.protocol === ICMP) === isV4) return icmp.input(received)
        break
      case IGMP:
        if (isV4) return groups.igmp(received)
        break
    }
    if (isSeen) return undefined
    if (isV4) errors.send(received, UNREACHABLE_V4, PROTOCOL_UNREACHABLE_V4, 0)
    else errors.send(received, PARAMETER_PROBLEM_V6, UNKNOWN_NEXT_HEADER, received.named)
    return 'ip-protocol'
  }

  const input = (frame: Frame): StackDropReason | undefined => {
    const isUnicastFrame = frame.to === mac
    const isForUs = (isUnicastFrame || isGroupMac(frame.to)) && frame.from !== mac && iface.mtu() > 0
    if (!isForUs) return 'not-for-us'
    host.statistics.received(frame.etherType, frame.payload)
    received.from = frame.from
    received.isUnicastFrame = isUnicastFrame
    received.isLooped = false
    switch (frame.etherType) {
      case ETHERTYPE_IPV4:
        return v4.accept(frame.payload, received) ? deliver() : undefined
      case ETHERTYPE_IPV6:
        return v6.accept(frame.payload, received) ? deliver() : undefined
      case ETHERTYPE_ARP:
        return arp.input(frame)
      default:
        return 'unknown-ethertype'
    }
  }
  const inputLooped = (packet: Uint8Array): StackDropReason | undefined => {
    host.statistics.looped(packet)
    received.from = mac
    received.isUnicastFrame = true
    received.isLooped = true
    return (packet[0]! >>> 4 === 4 ? v4 : v6).accept(packet, received) ? deliver() : undefined
  }
  const drop = (reason: StackDropReason | undefined): void => {
    if (reason !== undefined) host.drop(reason)
  }

  const call = (c: StackCall): void => {
    switch (c.call) {
      case 'bind':
        udp.bind(c)
        break
      case 'send':
        udp.send(c)
        break
      case 'associate':
        udp.associate(c)
        break
      case 'join-group':
      case 'leave-group':
        udp.joinOrLeave(c)
        break
      case 'echo':
        echo.request(c)
        break
      case 'open-raw':
        raw.open(c)
        break
      case 'send-raw':
        raw.send(c)
        break
      case 'configure':
        if (raw.owns(c.id)) raw.configure(c.id, c.options)
        else if (udp.owns(c.id)) udp.configure(c.id, c.options)
        else tcp.call(c, host.now)
        break
      case 'close':
      case 'abort':
        if (udp.owns(c.id)) udp.close(c.id)
        else if (raw.owns(c.id)) raw.close(c.id)
        else if (echo.owns(c.id)) echo.close(c.id)
        else tcp.call(c, host.now)
        break
      default:
        tcp.call(c, host.now)
    }
  }

  /** What was configured, with what routers say. */
  const configure = (c: Configuration): void => {
    configured = c
    routers.listen(c.acceptRouters === true && c.mtu > 0)
    knownAdvertised = routers.version()
    const { addresses, routes, mtu = c.mtu } = routers.advertised()
    const least = Math.min(c.mtu, mtu)
    const { added, removed, unreachable } = iface.configure(
      least,
      [...c.addresses, ...addresses],
      [...c.routes, ...routes],
      host.now,
    )
    if (least > 0) for (const route of unreachable) host.out({ _tag: 'RouteUnreachable', route })
    sender.changed()
    udp.addressesChanged(removed)
    echo.addressesChanged()
    for (const ip of removed) tcp.addressRemoved(ip, host.now)
    // the link must listen for us before anybody can be answered
    publishGroups()
    for (const address of added) {
      if (address.ip.family === 4) arp.announce(address)
      else discovery.added(address)
    }
  }
  const publishGroups = (): void => {
    knownJoined = udp.joinedVersion()
    groups.changed()
  }

  /** What this host says to itself, until it is silent; what is left after many packets waits for the next turn. */
  const settle = (): void => {
    tcp.flush(host.now)
    for (let n = 0; n < MOST_LOOPED_AT_ONCE; n++) {
      const packet = sender.nextLooped()
      if (packet === undefined) return
      drop(inputLooped(packet))
      if (!sender.hasLooped()) tcp.flush(host.now)
    }
  }

  return {
    sizes: () => {
      const [a, b] = [v4.fragments.size(), v6.fragments.size()]
      return { neighbours: neighbours.size(), fragments: a.datagrams + b.datagrams, fragmentBytes: a.bytes + b.bytes }
    },
    counts: () => {
      const counts = host.statistics.counts()
      for (const [name, value] of Object.entries(tcp.counts())) if (value > 0) counts[`tcp/${name}`] = value
      return counts
    },
    tcpInfo: tcp.inspect,
    run: (given, now) => {
      host.now = now
      switch (given?._tag) {
        case 'Frames':
          for (const frame of given.frames) drop(input(frame))
          break
        case 'Calls':
          for (const one of given.calls) call(one)
          break
        case 'Configure':
          configure(given)
          break
        case 'PathChanged':
          tcp.pathChanged((flow) => sender.leadsTo(flow, given.mac), now)
          break
        case undefined:
          neighbours.tick()
          discovery.tick()
          v4.fragments.tick()
          v6.fragments.tick()
          sender.tick()
          groups.tick()
          routers.tick()
          if (tcp.deadline() <= now) tcp.tick(now)
          break
      }
      if (routers.version() !== knownAdvertised) {
        const { addresses, servers } = routers.advertised()
        configure(configured)
        const [own, dns] = [addresses.map(({ address }) => address), servers.map(({ text }) => text)]
        host.out({ _tag: 'Advertised', addresses: own, servers: dns })
      }
      settle()
      if (udp.joinedVersion() !== knownJoined) publishGroups()
      return host.take()
    },
    deadline: () =>
      sender.hasLooped()
        ? host.now
        : Math.min(
            neighbours.deadline(),
            discovery.deadline(),
            v4.fragments.deadline(),
            v6.fragments.deadline(),
            sender.deadline(),
            groups.deadline(),
            routers.deadline(),
            tcp.deadline(),
          ),
  }
}

type Configuration = Omit<Extract<StackInput, { readonly _tag: 'Configure' }>, '_tag'>
const MOST_LOOPED_AT_ONCE = 1024
