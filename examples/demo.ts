/** The main job, shown on loopback: `npm start`. A root, a controller and two members over real UDP; ends by itself. */
import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import { serveHttp, ZtAgent } from 'rxzt/node'
import { privateNetwork } from './private-network.ts'

const began = performance.now()
const say = (text: string): void => console.log(`${(performance.now() - began).toFixed(0).padStart(6)} ms  ${text}`)

const zt = await privateNetwork()
say(`a root, its planet and a controller are up; network ${zt.network.id}`)

const [alice, bob] = [await zt.node(), await zt.node()]
const joined = performance.now()
const [here, there] = await Promise.all([alice.join(zt.network.id), bob.join(zt.network.id)])
say(
  `alice ${alice.id} is ${here.address(4)}, bob ${bob.id} is ${there.address(4)} (joined in ${(performance.now() - joined).toFixed(0)} ms)`,
)

for await (const reply of there.ping(here.address(4)!, { count: 3, interval: 50 }))
  say('lost' in reply ? `ping ${reply.seq} lost: ${reply.reason}` : `ping ${reply.seq}: ${reply.rtt.toFixed(2)} ms`)
say(`bob reaches alice ${bob.peer(alice.id)?.link === 'direct' ? 'directly' : 'through the root'}`)

// TCP: bytes one way, their SHA-256 back
const payload = randomBytes(16 << 20)
const server = await here.listen({ port: 5000 })
void (async () => {
  for await (const socket of server) {
    const hash = createHash('sha256')
    for await (const chunk of socket) hash.update(chunk)
    await socket.end(hash.digest('hex'))
  }
})()
const sending = performance.now()
const socket = await there.connect({ host: here.address(4)!, port: 5000 })
await socket.write(payload)
await socket.end()
let answer = ''
for await (const chunk of socket) answer += new TextDecoder().decode(chunk)
const seconds = (performance.now() - sending) / 1000
if (answer !== createHash('sha256').update(payload).digest('hex'))
  throw new Error('the bytes that arrived are not the bytes sent')
say(
  `16 MiB over TCP, SHA-256 equal, ${((payload.length * 8) / seconds / 1e9).toFixed(2)} Gbit/s with all four nodes in one process`,
)

// HTTP: node's own server and client
const web = http.createServer((request, response) =>
  response.end(`hello ${request.socket.remoteAddress}, this is ${request.url}`),
)
serveHttp(await here.listen({ port: 80 }), web)
const agent = new ZtAgent(there)
const page = await new Promise<string>((resolve, reject) => {
  http
    .get({ host: here.address(4)!, port: 80, path: '/index', agent }, (response) => {
      let body = ''
      response.on('data', (data) => {
        body += data
      })
      response.on('end', () => resolve(body))
    })
    .on('error', reject)
})
say(`GET /index: ${page}`)

agent.destroy()
web.close()
await zt.close()
say('all closed')
