/** A node that answers pings. Port of pingable-node.c. Run: npx tsx examples/zts/pingable-node.ts */
import { enter } from './enter.ts'
import { type Port, program } from './stage.ts'

export const pingableNode: Port = {
  usage: 'pingable-node.ts <network>',
  needs: 1,
  main: async (zts, [network = ''], signal) => {
    const code = await enter(zts, BigInt(`0x${network}`), zts.ZTS_AF_INET, signal)
    if (code !== 0) return code
    // the keys, to start with the same identity another time
    console.log(`identity: ${zts.zts_node_get_id_pair().key}`)
    console.log('ping me from another member')
    while (!signal.aborted) await zts.zts_util_delay(500)
    return zts.zts_node_stop()
  },
  alone: async ({ other, run, address, stop }) => {
    const ended = run(other.id)
    for await (const reply of other.ping(await address(), { count: 2, interval: 100 })) console.log('pinged', reply)
    stop()
    await ended
  },
}

await program(import.meta.url, pingableNode)
