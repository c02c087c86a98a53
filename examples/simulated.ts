/** A whole network in one process, in virtual time, from one seed. Run: npx tsx examples/simulated.ts */
import { virtualNet } from 'rxzt/testing'

await using net = virtualNet({ seed: 42 })
const started = net.now
const slow = net.segment({ latency: 40, jitter: 10, loss: 0.1 })
await net.root()
const controller = await net.controller()
const network = await controller.create({
  v4AssignMode: { zt: true },
  ipAssignmentPools: [{ ipRangeStart: '10.1.0.1', ipRangeEnd: '10.1.0.100' }],
  routes: [{ target: '10.1.0.0/24' }],
})
controller.requests$.subscribe((request) => void request.authorize())

const [alice, bob] = [await net.node({ on: slow }), await net.node({ on: slow })]
const [here, there] = await net.until(Promise.all([alice.join(network.id), bob.join(network.id)]))
console.log(`both ready after ${(net.now - started).toFixed(0)} virtual ms`)

const server = await here.listen({ port: 80 })
const transfer = (async () => {
  const socket = await there.connect({ host: here.address(4)!, port: 80 })
  await socket.write(new Uint8Array(100_000))
  await socket.end()
})()
let bytes = 0
const reception = (async () => {
  for await (const socket of server) {
    for await (const chunk of socket) bytes += chunk.length
    return
  }
})()
await net.until(Promise.all([transfer, reception]))
console.log(`${bytes} bytes through 10 % loss after ${(net.now - started).toFixed(0)} virtual ms`)
