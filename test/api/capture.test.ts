import { pcapng, readPcapng } from 'rxzt/pcap'
import { describe, expect, it } from 'vitest'
import { readUdpPacket } from '../../src/streams/capture/udp-packet.ts'
import { isIntact, pseudoHeaderSum, sum } from '../../src/tcpip/checksum.ts'
import { refuseIpv4, TCP } from '../../src/tcpip/ipv4.ts'
import { readAll, virtualPair } from '../support/virtual-pair.ts'

const REQUEST = 'GET /index.html HTTP/1.1\r\nHost: bob\r\nConnection: close\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** Bob answers one request of Alice's, which is captured at Alice: on the virtual network and on the wire. */
const captured = async () => {
  const { net, alice, bob, a, b } = await virtualPair(21)
  const pieces: Record<'frames' | 'packets' | 'wire', Uint8Array[]> = { frames: [], packets: [], wire: [] }
  a.frames$.pipe(pcapng()).subscribe((piece) => pieces.frames.push(piece))
  const local = alice.info.endpoints
  alice.packets$.pipe(pcapng({ linkType: 'udp', local })).subscribe((piece) => pieces.packets.push(piece))
  net.wire$.pipe(pcapng({ linkType: 'udp' })).subscribe((piece) => pieces.wire.push(piece))
  const server = await b.listen({ port: 80 })
  server.connections$.subscribe((socket) => void socket.end(ANSWER))
  const socket = await net.until(a.connect({ host: b.address(4)!, port: 80 }))
  await net.until(socket.write(REQUEST))
  const answer = await net.until(readAll(socket))
  expect(Buffer.from(answer).toString()).toBe(ANSWER)
  await net.until(socket.close())
  await net.advance(100)
  const files = Object.entries(pieces).map(([name, parts]) => [name, readPcapng(Buffer.concat(parts))!.packets])
  await net[Symbol.asyncDispose]()
  const macs = [a.state.mac, b.state.mac].map((mac) => mac.replaceAll(':', ''))
  return { ids: [alice.id, bob.id], macs, local, ...(Object.fromEntries(files) as Files) }
}
type Packets = NonNullable<ReturnType<typeof readPcapng>>['packets']
type Files = Record<'frames' | 'packets' | 'wire', Packets>

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('a capture of a request over the virtual network', async () => {
  const { ids, macs, local, frames, packets, wire } = await captured()
  const segments = frames
    .map(({ data }) => data)
    .filter((data) => hex(data.subarray(12, 14)) === '0800' && data[14 + 9] === TCP)

  it('has Ethernet frames between the MACs of the two, every checksum right', () => {
    expect(new Set(segments.map((data) => hex(data.subarray(0, 12))))).toEqual(
      new Set([`${macs[1]}${macs[0]}`, `${macs[0]}${macs[1]}`]),
    )
    for (const data of segments) {
      const packet = data.subarray(14)
      expect(refuseIpv4(packet)).toBeUndefined()
      const tcp = packet.subarray(20)
      const header = pseudoHeaderSum(packet.subarray(12, 16), packet.subarray(16, 20), TCP, tcp.length)
      expect(isIntact(header + sum(tcp))).toBe(true)
    }
  })

  it('has the handshake, the request, the answer and the end', () => {
    const flags = segments.map((data) => data[14 + 20 + 13]! & 0x17)
    expect(flags.slice(0, 3)).toEqual([0x02, 0x12, 0x10])
    expect(flags.filter((one) => (one & 1) !== 0)).toHaveLength(2)
    const text = segments.map((data) => Buffer.from(data).toString('latin1')).join('')
    expect(text).toContain(REQUEST)
    expect(text).toContain(ANSWER)
  })

  it('has the wire below it: a packet of VL1 for each frame, which says what it is', () => {
    const own = packets.filter(({ comment }) => comment!.startsWith(`FRAME ${ids[0]} → ${ids[1]}`))
    const sent = frames.filter(({ data }) => hex(data.subarray(0, 12)) === `${macs[1]}${macs[0]}`)
    expect(own.length).toBe(sent.length)
    for (const { comment } of own) expect(comment).toMatch(/^FRAME .*, packet [0-9a-f]{16}, suite 3: accepted$/)
    for (const { data } of packets) {
      const { from, to } = readUdpPacket(data)!
      expect([from, to]).toContainEqual(local[0])
    }
  })

  it('is not readable on the wire, where both ends are seen', () => {
    const text = [...packets, ...wire].map(({ data }) => Buffer.from(data).toString('latin1')).join('')
    expect(text).not.toContain('index.html')
    const ofAlice = wire.flatMap(({ data }) => {
      const { from, to, data: datagram } = readUdpPacket(data)!
      return from.address === local[0]!.address ? [`${to.address} ${hex(datagram)}`] : []
    })
    const told = packets.flatMap(({ data }) => {
      const { from, to, data: datagram } = readUdpPacket(data)!
      return from.address === local[0]!.address ? [`${to.address} ${hex(datagram)}`] : []
    })
    expect(told).toEqual(ofAlice.filter((one) => told.includes(one)))
    expect(told.length).toBeGreaterThan(5)
  })
})
