import { defineCommand } from '../command.ts'
import { fail } from '../failure.ts'
import { isSystemError } from '../file.ts'
import { type NodeChoice, nodeOptions } from '../node-options.ts'
import { openNetwork } from '../open-network.ts'
import { count, networkId } from '../operand.ts'

interface Options extends NodeChoice {
  readonly write?: string
  readonly wire?: boolean
  readonly count?: number
  readonly snapLength?: number
}

export const command = defineCommand<Options, readonly [nwid: string]>({
  about: `Every Ethernet frame of this node in the network, both ways: a line for each or, with -w, a pcapng file that Wireshark
and tshark open as it is. With --wire also the packets below, as they are encrypted on the wire, with what they are. Most
useful beside a running service, whose traffic it shows. Runs until it is interrupted, or --count is reached.`,
  operands: [{ name: '<nwid>', text: 'network ID' }],
  options: [
    { flags: '-w, --write <file>', text: 'a pcapng file; - for stdout' },
    { flags: '--wire', text: 'also the packets of ZeroTier itself' },
    { flags: '-c, --count <n>', text: 'stop after so many', parse: count('--count') },
    {
      flags: '-s, --snap-length <bytes>',
      text: 'how much of each is kept (default: all)',
      parse: count('--snap-length', 0xffff_ffff),
    },
    ...nodeOptions,
  ],
  examples: [
    ['rxzt dump 8056c2e21c000001', 'shows what goes by'],
    ['rxzt dump 8056c2e21c000001 -w - | wireshark -k -i -', 'shows it in Wireshark as it comes'],
    ['rxzt dump 8056c2e21c000001 --wire -w both.pcapng', 'keeps the network and the wire in one file'],
  ],
  async run(call) {
    const {
      operands: [nwid],
      options: { write, wire = false, count, snapLength = 0 },
      out,
      io,
    } = call
    const id = networkId(nwid)
    const signal = io.interrupted()
    // before there is a node: a file that cannot be written is told at once
    const file = write === undefined || write === '-' ? undefined : await fileAt(write)
    const { network, node, ...opened } = await openNetwork(call, id)
    try {
      const [{ capture, watch }, { frameLine }, { packetLine }] = await Promise.all([
        import('./tap/capture.ts'),
        import('./tap/frame-line.ts'),
        import('./tap/packet-line.ts'),
      ])
      const options = { wire, count, snapLength, signal }
      out.note(`capturing ${id}${wire ? ' and the wire below it' : ''}`)
      if (write === undefined)
        await watch(node, network, options, (item) => {
          if ('payload' in item) out.result({ ...item, payload: hex(item.payload) }, frameLine(item))
          else out.result({ ...item, bytes: hex(item.bytes) }, packetLine(item))
        })
      else {
        const { written, dropped } = await capture(node, network, options, file ?? io.stdout)
        const lost = dropped === 0 ? '' : `, ${dropped} left out: they came faster than they could be written`
        out.note(`${written} captured${lost}`)
      }
      return 0
    } finally {
      await ended(file)
      await opened[Symbol.asyncDispose]()
    }
  },
})

type File = import('node:fs').WriteStream

const fileAt = async (path: string): Promise<File> => {
  const { createWriteStream } = await import('node:fs')
  const file = createWriteStream(path)
  return new Promise((resolve, reject) => {
    file.once('open', () => resolve(file))
    file.once('error', (cause) => {
      if (!isSystemError(cause)) reject(cause)
      try {
        fail(`${path} cannot be written (${(cause as NodeJS.ErrnoException).code})`, 'choose another place', { cause })
      } catch (failure) {
        reject(failure)
      }
    })
  })
}

const ended = (file: File | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (file === undefined || file.destroyed) resolve()
    else file.end(() => resolve())
  })

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
