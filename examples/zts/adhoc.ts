/** A node in a network without a controller. Port of adhoc.c. Run: npx tsx examples/zts/adhoc.ts */
import { adhocNetworkId } from 'rxzt'
import { enter } from './enter.ts'
import { type Port, program } from './stage.ts'

export const adhoc: Port = {
  usage: 'adhoc.ts <first port> <last port>',
  needs: 2,
  main: async (zts, [first, last], signal) => {
    const net = zts.zts_net_compute_adhoc_id(Number(first), Number(last))
    const code = await enter(zts, net, zts.ZTS_AF_INET6, signal)
    if (code !== 0) return code
    // the address follows from the network and the node; adhoc.c computes another one that nobody answers on
    console.log(`ping me at ${zts.zts_addr_compute_6plane_str(net, zts.zts_node_get_id()).str}`)
    while (!signal.aborted) await zts.zts_util_delay(500)
    return zts.zts_node_stop()
  },
  alone: async ({ member, run, address, stop }) => {
    const ended = run('4000', '4001')
    const network = await member.join(adhocNetworkId({ ports: [4000, 4001] }))
    const host = await address(BigInt(`0x${network.id}`))
    for await (const reply of network.ping(host, { count: 2, interval: 100 })) console.log('pinged', reply)
    stop()
    await ended
  },
}

await program(import.meta.url, adhoc)
