/** A node that answers pings and counts what passes. Port of statistics.c. Run: npx tsx examples/zts/statistics.ts */
import { enter } from './enter.ts'
import { failed, type Port, program } from './stage.ts'

const PROTOCOLS = ['link', 'etharp', 'ip4', 'ip6', 'icmp4', 'icmp6', 'udp', 'tcp', 'nd6'] as const

export const statistics: Port = {
  usage: 'statistics.ts <network> [ms between two tables, default 1000]',
  needs: 1,
  main: async (zts, [network = '', interval = '1000'], signal) => {
    const code = await enter(zts, BigInt(`0x${network}`), zts.ZTS_AF_INET, signal)
    if (code !== 0) return code
    console.log('ping me from another member')
    while (!signal.aborted) {
      await zts.zts_util_delay(Number(interval))
      const { err, stats } = zts.zts_stats_get_all()
      if (err !== zts.ZTS_ERR_OK) return failed(zts, 'statistics', err)
      for (const protocol of PROTOCOLS)
        console.log(
          protocol.padEnd(7),
          ...(['tx', 'rx', 'drop', 'err'] as const).map((what) => `${what} ${stats[`${protocol}_${what}`]}`.padEnd(12)),
        )
      console.log()
    }
    return zts.zts_node_stop()
  },
  alone: async ({ other, run, address, stop }) => {
    const ended = run(other.id, '100')
    for await (const reply of other.ping(await address(), { count: 3, interval: 100 })) console.log('pinged', reply)
    stop()
    await ended
  },
}

await program(import.meta.url, statistics)
