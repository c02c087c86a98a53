/**
 * The calls of the hosted controller: its status, a network, and authorizing a member.
 * Port of centralapi.cpp. Run: npx tsx examples/zts/centralapi.ts
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { failed, hex, type Port, program } from './stage.ts'

export const centralapi: Port = {
  usage: 'centralapi.ts <url> <token> [network] [node]',
  needs: 2,
  main: async (zts, [url = '', token = '', network = '1234567890abcdef', node = '9934343434']) => {
    const [net, member] = [BigInt(`0x${network}`), BigInt(`0x${node}`)]
    const err = zts.zts_central_init(url, token)
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'central init', err)
    // centralapi.cpp asks to read only, and is refused when it authorizes
    zts.zts_central_set_access_mode(zts.ZTS_CENTRAL_READ | zts.ZTS_CENTRAL_WRITE)

    const calls = [
      ['status', () => zts.zts_central_status_get()],
      [`network ${hex(net, 16)}`, () => zts.zts_central_net_get(net)],
      [`authorize ${hex(member, 10)}`, () => zts.zts_central_node_auth(net, member, zts.ZTS_CENTRAL_NODE_AUTH_TRUE)],
    ] as const
    for (const [what, call] of calls) {
      const { err, http_resp_code } = await call()
      if (err !== zts.ZTS_ERR_OK) return failed(zts, what, err)
      const text = zts.zts_central_get_last_resp_buf().resp
      console.log(`${what}: ${http_resp_code}`)
      if (http_resp_code >= 200 && http_resp_code < 300) console.log(JSON.stringify(JSON.parse(text), null, 2))
    }
    zts.zts_central_cleanup()
    return 0
  },
  alone: async ({ run }) => {
    const token = 'q'.repeat(32)
    const server = hostedController(token).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, token)
    server.closeAllConnections()
    server.close()
  },
}

/** Knows one network, and answers as the published API says. */
export const hostedController = (token: string): http.Server =>
  http.createServer(async (request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    let text = ''
    for await (const chunk of request) text += chunk
    if (
      !/^(bearer|token) /i.test(request.headers.authorization ?? '') ||
      !request.headers.authorization?.endsWith(token)
    )
      return answer(401, { type: 'internal', message: 'Not authorized' })
    const [, , kind, id, , member] = (request.url ?? '').split('/')
    if (kind === 'status')
      return answer(200, { id: 'central_status', type: 'CentralStatus', version: '1', apiVersion: '4' })
    if (kind !== 'network' || id !== NETWORK) return answer(404, { type: 'internal', message: 'Not found' })
    if (member === undefined)
      return answer(200, { id, type: 'Network', config: { id, name: 'example', private: true } })
    const { config } = JSON.parse(text) as { readonly config: Readonly<Record<string, unknown>> }
    answer(200, { id: `${id}-${member}`, type: 'Member', networkId: id, nodeId: member, config })
  })

const NETWORK = '1234567890abcdef'

await program(import.meta.url, centralapi)
