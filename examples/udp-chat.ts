/** Three members talk by UDP broadcast. Run: npx tsx examples/udp-chat.ts */
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { privateNetwork } from './private-network.ts'

const zt = await privateNetwork()
const names = ['ann', 'ben', 'cay']
const nodes = await Promise.all(names.map(() => zt.node()))
const networks = await Promise.all(nodes.map((node) => node.join(zt.network.id)))
const sockets = await Promise.all(networks.map((network) => network.bind({ port: 4000 })))
for (const socket of sockets) socket.configure({ broadcast: true })

const heard = sockets.map((socket, i) =>
  firstValueFrom(
    socket.messages$.pipe(
      filter(
        (message) =>
          message.from.address !== socket.local.address &&
          !networks[i]!.addresses.some((a) => a.address === message.from.address),
      ),
      take(2),
      toArray(),
    ),
  ),
)
for (const [i, socket] of sockets.entries())
  await socket.send(`${names[i]} says hello`, { host: '10.147.17.255', port: 4000 })
for (const [i, messages] of (await Promise.all(heard)).entries())
  for (const { data, from } of messages)
    console.log(`${names[i]} heard "${new TextDecoder().decode(data)}" from ${from.address}`)

await zt.close()
