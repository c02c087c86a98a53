/** node:http on both ends of a virtual network. Run: npx tsx examples/http-over-zt.ts */
import http from 'node:http'
import { serveHttp, ZtAgent } from 'rxzt/node'
import { privateNetwork } from './private-network.ts'

const zt = await privateNetwork()
const [alice, bob] = [await zt.node(), await zt.node()]
const [here, there] = await Promise.all([alice.join(zt.network.id), bob.join(zt.network.id)])

const web = http.createServer((request, response) => {
  response.end(`you asked for ${request.url} from ${request.socket.remoteAddress}\n`)
})
serveHttp(await here.listen({ port: 80 }), web)

const agent = new ZtAgent(there, { keepAlive: true })
const get = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    http
      .get({ host: here.address(4)!, port: 80, path, agent }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => resolve(body))
      })
      .on('error', reject)
  })
process.stdout.write(await get('/'))
process.stdout.write(await get('/again'))

agent.destroy()
web.close()
await zt.close()
