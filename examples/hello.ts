/** Hello, offline: a planet, a root, a controller and two members in memory. Run: npx tsx examples/hello.ts */
import { createHash, randomBytes } from 'node:crypto'
import { virtualNet } from 'rxzt/testing'

await using net = virtualNet()
const controller = await net.controller()
const { id } = await controller.create({ private: false, v6AssignMode: { rfc4193: true } })
const [alice, bob] = [await net.node(), await net.node()]
const [here, there] = await net.until(Promise.all([alice.join(id), bob.join(id)]))

const server = await here.listen({ port: 7 })
server.connections$.subscribe((socket) => void socket.readable.pipeTo(socket.writable))
const socket = await net.until(there.connect({ host: here.address(6)!, port: 7 }))
const sent = randomBytes(1 << 20)
void socket.write(sent).then(() => socket.end())
const echoed = createHash('sha256')
await net.until(socket.readable.pipeTo(new WritableStream({ write: (chunk) => void echoed.update(chunk) })))
const equal = echoed.digest('hex') === createHash('sha256').update(sent).digest('hex')
console.log(`1 MiB there and back, SHA-256 ${equal ? 'equal' : 'differs'}`)
