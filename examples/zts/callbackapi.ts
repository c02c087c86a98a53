/** A node that tells what happens to it. Port of callbackapi.c. Run: npx tsx examples/zts/callbackapi.ts */
import { enter } from './enter.ts'
import { hex, type Port, program } from './stage.ts'

export const callbackapi: Port = {
  usage: 'callbackapi.ts <network>',
  needs: 1,
  main: async (zts, [network = ''], signal) => {
    zts.zts_init_set_event_handler(({ event_code, node, network: net, addr }) => {
      switch (event_code) {
        case zts.ZTS_EVENT_NODE_ONLINE:
          return console.log(`event: online as ${hex(node!.node_id, 10)}`)
        case zts.ZTS_EVENT_NODE_OFFLINE:
          return console.log('event: offline; is a firewall in the way?')
        case zts.ZTS_EVENT_NETWORK_NOT_FOUND:
          return console.log(`event: nobody knows the network ${hex(net!.net_id, 16)}`)
        case zts.ZTS_EVENT_NETWORK_ACCESS_DENIED:
          return console.log(`event: ${hex(net!.net_id, 16)} does not let this node in; authorize it`)
        case zts.ZTS_EVENT_NETWORK_READY_IP4:
        case zts.ZTS_EVENT_NETWORK_READY_IP6:
          return console.log(`event: ${hex(net!.net_id, 16)} is ready`)
        case zts.ZTS_EVENT_ADDR_ADDED_IP4:
        case zts.ZTS_EVENT_ADDR_ADDED_IP6:
          return console.log(`event: address ${addr!.addr.addr} on ${hex(addr!.net_id, 16)}`)
        case zts.ZTS_EVENT_NODE_DOWN:
          return console.log('event: down') // the C library ends before it says so
      }
    })
    const code = await enter(zts, BigInt(`0x${network}`), zts.ZTS_AF_INET, signal)
    if (code !== 0) return code
    console.log('ping me from another member')
    while (!signal.aborted) await zts.zts_util_delay(500)
    return zts.zts_node_stop()
  },
  alone: async ({ other, run, address, stop }) => {
    const ended = run(other.id)
    for await (const reply of other.ping(await address(), { count: 1 })) console.log('pinged', reply)
    stop()
    await ended
  },
}

await program(import.meta.url, callbackapi)
