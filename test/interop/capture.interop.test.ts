import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { merge } from 'rxjs'
import { serveHttp, ZtAgent } from 'rxzt/node'
import { pcapng } from 'rxzt/pcap'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loopback } from '../support/loopback.ts'

const hasTshark = spawnSync('tshark', ['--version']).status === 0
if (!hasTshark) console.log('captures: no tshark here — apt-get install tshark')

/** Two requests over one connection on a virtual network, captured there and on the wire, as tshark reads them. */
describe.skipIf(!hasTshark)('a capture in tshark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rxzt-capture-'))
  const file = join(folder, 'http.pcapng')
  const tshark = (...args: readonly string[]): string =>
    execFileSync('tshark', [...CHECKS, '-n', '-r', file, ...args], { encoding: 'utf8', stdio: 'pipe' })

  let macs: readonly string[] = []
  beforeAll(async () => {
    const { a, b, alice, close } = await loopback()
    const pieces: Uint8Array[] = []
    const local = alice.info.endpoints
    merge(a.frames$, alice.packets$)
      .pipe(pcapng({ local }))
      .subscribe((piece) => pieces.push(piece))
    const server = http.createServer((request, response) => response.end(`you asked for ${request.url}`))
    serveHttp(await b.listen({ port: 80 }), server)
    const agent = new ZtAgent(a, { keepAlive: true, maxSockets: 1 })
    const ask = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const request = http.get({ host: b.address(4)!, path, agent }, (response) => {
          let text = ''
          response.on('data', (chunk) => {
            text += chunk
          })
          response.on('end', () => resolve(text))
        })
        request.on('error', reject)
      })
    expect(await ask('/one')).toBe('you asked for /one')
    expect(await ask('/two')).toBe('you asked for /two')
    macs = [a.state.mac, b.state.mac]
    agent.destroy()
    await close()
    writeFileSync(file, Buffer.concat(pieces))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is read to its end, with nothing malformed and every checksum right', () => {
    expect(tshark('-Y', '_ws.malformed || _ws.expert.severity >= "error"')).toBe('')
    expect(tshark('-q', '-z', 'expert,error')).not.toMatch(/Errors/)
    expect(tshark('-Y', 'tcp').split('\n').length).toBeGreaterThan(8)
  })

  it('decodes the handshake, both requests over one connection, and the MACs', () => {
    const handshake = tshark('-Y', 'tcp.flags.syn == 1', '-T', 'fields', '-e', 'tcp.stream', '-e', 'tcp.flags.ack')
    expect(new Set(handshake.trim().split('\n'))).toEqual(new Set(['0\t0', '0\t1']))
    expect(tshark('-Y', 'http.request', '-T', 'fields', '-e', 'http.request.uri', '-e', 'tcp.stream')).toBe(
      '/one\t0\n/two\t0\n',
    )
    expect(tshark('-Y', 'http.response', '-T', 'fields', '-e', 'http.response.code')).toBe('200\n200\n')
    const seen = tshark('-Y', 'http', '-T', 'fields', '-e', 'eth.src').trim().split('\n')
    expect(new Set(seen)).toEqual(new Set(macs))
  })

  it('shows the wire beside it, with a comment on each packet', () => {
    const comments = tshark('-Y', 'udp.port == 9993 || frame.comment', '-T', 'fields', '-e', 'frame.comment')
    expect(comments).toMatch(/^FRAME [0-9a-f]{10} → [0-9a-f]{10}, packet [0-9a-f]{16}, suite \d: accepted$/m)
  })
})

const CHECKS = ['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
