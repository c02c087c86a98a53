import { createSocket } from 'node:dgram'
import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { LinkDatagram } from '../../src/protocol/datagram.ts'
import { combinedLink } from '../../src/streams/combined-link.ts'
import { udpLink } from '../../src/streams/io/udp-link.ts'

const local = (options: Parameters<typeof udpLink>[0] = {}) => udpLink({ address: '127.0.0.1', ...options })
const text = ({ data }: LinkDatagram): string => new TextDecoder().decode(data)
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)

describe('a UDP link', () => {
  it('binds two ports on every address, and says so to late subscribers', async () => {
    const link = udpLink({ address: ['127.0.0.1', '::1'] })
    const sockets = await firstValueFrom(link.local$)
    expect(sockets.map(({ address }) => address).sort()).toEqual(['127.0.0.1', '127.0.0.1', '::1', '::1'])
    expect(new Set(sockets.map(({ port }) => port)).size).toBe(2)
    expect(new Set(sockets.map(({ socket }) => socket)).size).toBe(4)
    expect(await firstValueFrom(link.local$)).toEqual(sockets)
    expect(link.allowLoopback).toBe(true)
    await link.close()
  })

  it('delivers what arrives in one turn in one batch, with the socket it came by', async () => {
    const [near, far] = [local({ secondary: false }), local({ secondary: false })]
    const [to] = await firstValueFrom(far.local$)
    const [from] = await firstValueFrom(near.local$)
    const arriving = new Promise<readonly LinkDatagram[]>((resolve) => {
      const all: LinkDatagram[] = []
      far.incoming$.subscribe((batch) => {
        all.push(...batch)
        if (all.length === 3) resolve(all)
      })
    })
    near.send(
      ['one', 'two', 'three'].map((words) => ({ data: bytes(words), to: { address: '127.0.0.1', port: to!.port } })),
    )
    const arrived = await arriving
    expect(arrived.map(text)).toEqual(['one', 'two', 'three'])
    expect(arrived[0]).toMatchObject({ from: { address: '127.0.0.1', port: from!.port }, socket: to!.socket })
    expect(arrived[0]!.data.constructor).toBe(Uint8Array)
    expect(near.stats).toMatchObject({ sent: 3, sentBytes: 11, failed: 0 })
    await Promise.all([near.close(), far.close()])
  })

  it('sends from every socket of the family, or from the one that is named', async () => {
    const [near, far] = [local(), local({ secondary: false })]
    const [to] = await firstValueFrom(far.local$)
    const sockets = await firstValueFrom(near.local$)
    const ports: number[] = []
    const arriving = new Promise<void>((resolve) => {
      far.incoming$.subscribe((batch) => {
        ports.push(...batch.map(({ from }) => from.port))
        if (ports.length === 3) resolve()
      })
    })
    const endpoint = { address: '127.0.0.1', port: to!.port }
    near.send([{ data: bytes('all'), to: endpoint }])
    near.send([{ data: bytes('one'), to: endpoint, socket: sockets[1]!.socket, ttl: 2 }])
    near.send([{ data: bytes('none'), to: endpoint, socket: 999 }])
    near.send([{ data: bytes('none'), to: { address: '::1', port: 1 } }])
    await arriving
    expect(ports.slice(0, 2).sort()).toEqual(sockets.map(({ port }) => port).sort())
    expect(ports[2]).toBe(sockets[1]!.port)
    await Promise.all([near.close(), far.close()])
  })

  it('says which port is taken, and by what error', async () => {
    const taken = createSocket('udp4')
    const port = await new Promise<number>((resolve) => taken.bind(0, '127.0.0.1', () => resolve(taken.address().port)))
    const link = local({ port })
    await expect(firstValueFrom(link.local$)).rejects.toMatchObject({
      name: 'NodeError',
      code: 'ERR_ZT_BIND',
      message: expect.stringContaining(`UDP port ${port}`),
      cause: { code: 'EADDRINUSE' },
    })
    await link.close()
    await new Promise<void>((resolve) => taken.close(() => resolve()))
  })

  it('closes twice without complaint and sends nothing afterwards', async () => {
    const link = local()
    await firstValueFrom(link.local$)
    await Promise.all([link.close(), link.close()])
    link.send([{ data: bytes('late'), to: { address: '127.0.0.1', port: 9 } }])
    expect(link.stats?.sent).toBe(0)
  })

  it.each([
    [{ address: 'localhost' }, 'ERR_ZT_INVALID_ADDRESS'],
    [{ port: 70_000 }, 'ERR_ZT_INVALID_OPTION'],
    [{ portRange: [5, 4] as const }, 'ERR_ZT_INVALID_OPTION'],
  ])('refuses %j', (options, code) => {
    expect(() => udpLink(options)).toThrow(expect.objectContaining({ code }))
  })

  it('can be several links in one', async () => {
    const [one, two, far] = [local({ secondary: false }), local({ secondary: false }), local({ secondary: false })]
    const both = combinedLink([one, two])
    const sockets = await firstValueFrom(both.local$)
    const [to] = await firstValueFrom(far.local$)
    const ports: number[] = []
    const arriving = new Promise<void>((resolve) => {
      far.incoming$.subscribe((batch) => {
        ports.push(...batch.map(({ from }) => from.port))
        if (ports.length === 2) resolve()
      })
    })
    for (const { socket } of sockets)
      both.send([{ data: bytes('x'), to: { address: '127.0.0.1', port: to!.port }, socket }])
    await arriving
    expect(ports.sort()).toEqual(sockets.map(({ port }) => port).sort())
    const back = firstValueFrom(both.incoming$)
    far.send([{ data: bytes('y'), to: { address: '127.0.0.1', port: sockets[1]!.port } }])
    expect((await back)[0]!.socket).toBe(sockets[1]!.socket)
    await Promise.all([both.close(), far.close()])
  })
})
