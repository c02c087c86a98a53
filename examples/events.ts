/** Everything that happens to a node, as one stream. Run: npx tsx examples/events.ts */
import { takeUntil, timer } from 'rxjs'
import { privateNetwork } from './private-network.ts'

const zt = await privateNetwork()
const node = await zt.node()
node.online$.subscribe((online) => console.log(online ? 'online' : 'not online yet'))
node.events$.subscribe((event) => {
  switch (event.type) {
    case 'peer/relay':
    case 'peer/direct':
      return console.log(event.type, event.peer.id, event.peer.role)
    case 'network/ready':
      return console.log(
        event.type,
        `IPv${event.family}`,
        event.network.addresses.map((a) => `${a.address}/${a.bits}`).join(' '),
      )
    default:
      return console.log(event.type)
  }
})

const network = await node.join(zt.network.id)
const other = await (await zt.node()).join(zt.network.id)
network.frames$
  .pipe(takeUntil(timer(2_000)))
  .subscribe((frame) =>
    console.log(
      `frame ${frame.dir} ${frame.from} → ${frame.to} 0x${frame.etherType.toString(16)} ${frame.payload.length} bytes`,
    ),
  )
for await (const reply of network.ping(other.address(4)!, { count: 2, interval: 100 }))
  console.log(
    'lost' in reply
      ? `seq ${reply.seq} lost: ${reply.reason}`
      : `seq ${reply.seq} from ${reply.from}: ${reply.rtt.toFixed(2)} ms`,
  )

await zt.close()
