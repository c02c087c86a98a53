import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { askByUdp, knock } from '../../../src/cli/doctor/host-probes.ts'
import { aheadIn } from '../../../src/cli/doctor/time-server.ts'

describe('a knock by UDP', () => {
  it('is refused where a host is and nobody listens', async () => {
    const gone = createSocket('udp4').bind(0, '127.0.0.1')
    await once(gone, 'listening')
    const { port } = gone.address()
    await new Promise<void>((resolve) => gone.close(() => resolve()))
    expect(await knock({ address: '127.0.0.1', port })).toBe('refused')
  })

  it('is answered where somebody does', async () => {
    const server = createSocket('udp4').bind(0, '127.0.0.1')
    await once(server, 'listening')
    server.on('message', (data, from) => server.send(data, from.port, from.address))
    const place = { address: '127.0.0.1', port: server.address().port }
    expect(await askByUdp(place, Uint8Array.of(7))).toMatchObject({ reply: 'answered', answer: Buffer.of(7) })
    server.close()
  })

  it('does not get out to where there is no route', async () => {
    // reserved, RFC 1112: no system sends there
    expect(await knock({ address: '255.255.255.255', port: 9993 })).toMatch(/forbidden|unreachable/)
  })
})

describe('a time server', () => {
  const answer = (received: number, sent: number): Uint8Array => {
    const bytes = new Uint8Array(48)
    const view = new DataView(bytes.buffer)
    for (const [at, ms] of [
      [32, received],
      [40, sent],
    ] as const) {
      view.setUint32(at, (Math.floor(ms / 1_000) + 2_208_988_800) % 2 ** 32)
      view.setUint32(at + 4, ((ms % 1_000) * 2 ** 32) / 1_000)
    }
    return bytes
  }
  it('tells how far ahead this clock is, whatever the question and its answer took', () => {
    const now = Date.UTC(2026, 10, 26)
    expect(aheadIn(answer(now + 20, now + 30), now + 6_000, now + 6_050)).toBeCloseTo(6_000, 3)
    expect(aheadIn(answer(now + 20, now + 30), now - 6_000, now - 5_950)).toBeCloseTo(-6_000, 3)
  })
  it('is understood after 2036, when its seconds begin anew', () => {
    const then = Date.UTC(2040, 0, 1)
    expect(aheadIn(answer(then, then), then, then)).toBeCloseTo(0, 3)
  })
  it('that does not know the time, or says something else, tells none', () => {
    expect(aheadIn(new Uint8Array(48), 0, 0)).toBeUndefined()
    expect(aheadIn(new Uint8Array(12), 0, 0)).toBeUndefined()
  })
})
