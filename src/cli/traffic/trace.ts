import { defineCommand } from '../command.ts'
import { type NameChoice, type NodeChoice, nameOptions, nodeOptions } from '../node-options.ts'
import { openNetwork } from '../open-network.ts'
import { count, networkId } from '../operand.ts'
import { connectFailure } from './tunnel/connect-failure.ts'

interface Options extends NodeChoice, NameChoice {
  readonly count?: number
}

export const command = defineCommand<Options, readonly [nwid: string, host: string]>({
  about: `How packets get to a host: which member has its address, whether that is reached directly or by a relay and,
if not directly, why; by which physical paths, how fast. A few echoes are sent first, so that nodes find
each other; what changes meanwhile is told. The exit code is 0 if any echo was answered, else 1.`,
  operands: [
    { name: '<nwid>', text: 'network ID' },
    { name: '<host>', text: 'address or name' },
  ],
  options: [
    { flags: '-c, --count <n>', text: 'echoes (default: 5)', parse: count('--count', 1_000) },
    ...nameOptions,
    ...nodeOptions,
  ],
  examples: [['rxzt trace 8056c2e21c000001 10.147.17.5', 'tells whether node and paths are as they should be']],
  async run(call) {
    const {
      operands: [nwid, host],
      options: { count = 5 },
      out,
      io,
    } = call
    const id = networkId(nwid)
    const signal = io.interrupted()
    const { network, node, ...opened } = await openNetwork(call, id)
    try {
      const [{ examinePath }, { explainPath }] = await Promise.all([
        import('./echo/examine-path.ts'),
        import('./echo/explain-path.ts'),
      ])
      const facts = await examinePath(node, network, host, { count: Math.max(1, count), signal }, (line) =>
        out.note(line),
      )
      for (const line of explainPath(facts)) out.line(line)
      out.document(facts)
      return facts.trips.received > 0 ? 0 : 1
    } catch (error) {
      throw connectFailure(error)
    } finally {
      await opened[Symbol.asyncDispose]()
    }
  },
})
