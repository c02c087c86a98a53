import { defineCommand } from '../command.ts'
import { misuse } from '../failure.ts'
import { type NameChoice, type NodeChoice, nameOptions, nodeOptions } from '../node-options.ts'
import { openNetwork } from '../open-network.ts'
import { count, networkId, seconds } from '../operand.ts'
import { connectFailure } from './tunnel/connect-failure.ts'

interface Options extends NodeChoice, NameChoice {
  readonly count?: number
  readonly interval?: number
  readonly replyTimeout?: number
  readonly size?: number
  readonly ttl?: number
  readonly quiet?: boolean
  readonly ipv4?: boolean
  readonly ipv6?: boolean
}

export const command = defineCommand<Options, readonly [nwid: string, host: string]>({
  about: `Echo requests by ICMP (ICMPv6), one after another, until --count is reached or the command is interrupted; then what
they came to. The exit code is 0 if any was answered, else 1.`,
  operands: [
    { name: '<nwid>', text: 'network ID' },
    { name: '<host>', text: 'address or name' },
  ],
  options: [
    { flags: '-c, --count <n>', text: 'stop after so many', parse: count('--count') },
    { flags: '-i, --interval <seconds>', text: 'between two (default: 1)', parse: seconds('--interval') },
    { flags: '-W, --reply-timeout <seconds>', text: 'for an answer (default: 5)', parse: seconds('--reply-timeout') },
    { flags: '-s, --size <bytes>', text: 'of data (default: 56)', parse: count('--size', 65_507) },
    { flags: '-t, --ttl <hops>', text: 'how far they may go', parse: count('--ttl', 255) },
    { flags: '-q, --quiet', text: 'only what they came to' },
    { flags: '-4, --ipv4', text: 'the IPv4 address of the name' },
    { flags: '-6, --ipv6', text: 'the IPv6 address of the name' },
    ...nameOptions,
    ...nodeOptions,
  ],
  examples: [
    ['rxzt ping 8056c2e21c000001 10.147.17.5', 'asks until interrupted'],
    ['rxzt ping -c 3 -j 8056c2e21c000001 db.corp.example', 'three times, as JSON'],
  ],
  async run(call) {
    const {
      operands: [nwid, host],
      options: { count, interval, replyTimeout, size = 56, ttl, quiet = false, ipv4, ipv6 },
      out,
      io,
    } = call
    if (count === 0 || ttl === 0) misuse(`${count === 0 ? '--count' : '--ttl'} is 0`, 'use 1 or more')
    if (ipv4 === true && ipv6 === true) misuse('-4 and -6 exclude each other', 'name one of them')
    const id = networkId(nwid)
    const signal = io.interrupted()
    const { network, ...opened } = await openNetwork(call, id)
    try {
      const { EchoCounter, replyLine, summaryLines } = await import('./echo/round-trips.ts')
      const family = ipv4 === true ? 4 : ipv6 === true ? 6 : undefined
      const [address] = await network.resolve(host, { signal, ...(family === undefined ? {} : { family }) })
      const counter = new EchoCounter()
      const begun = performance.now()
      out.line(`PING ${host} (${address}): ${size} data bytes`)
      const options = {
        signal,
        size,
        ...(count === undefined ? {} : { count }),
        ...(interval === undefined ? {} : { interval }),
        ...(replyTimeout === undefined ? {} : { timeout: replyTimeout }),
        ...(ttl === undefined ? {} : { ttl }),
      }
      try {
        for await (const reply of network.ping(address!, options)) {
          counter.add(reply)
          if (!quiet) out.result(reply, replyLine(reply))
        }
      } catch (error) {
        if (!signal.aborted) throw error
      }
      const trips = counter.result
      const elapsed = performance.now() - begun
      out.line(`\n--- ${host} ping statistics ---`)
      for (const line of summaryLines(trips, elapsed)) out.line(line)
      out.document({ ...trips, elapsed })
      return trips.received > 0 ? 0 : 1
    } catch (error) {
      throw connectFailure(error)
    } finally {
      await opened[Symbol.asyncDispose]()
    }
  },
})
