/** An echo server on a virtual network, and a client that says hello. Run: npx tsx examples/echo-server.ts */
import type { TcpSocket } from 'rxzt'
import { privateNetwork } from './private-network.ts'

const zt = await privateNetwork()
const [alice, bob] = [await zt.node(), await zt.node()]
const [here, there] = await Promise.all([alice.join(zt.network.id), bob.join(zt.network.id)])

const server = await here.listen({ port: 7 })
const echo = async (socket: TcpSocket): Promise<void> => {
  for await (const chunk of socket) await socket.write(chunk)
  await socket.end()
}
void (async () => {
  for await (const socket of server) void echo(socket)
})()

const socket = await there.connect({ host: here.address(4)!, port: 7 })
console.log(`connected to ${socket.remote.address}:${socket.remote.port}, node ${socket.peer ?? 'unknown'}`)
await socket.write('hello from the other side\n')
await socket.end()
for await (const chunk of socket) process.stdout.write(chunk)

await zt.close()
