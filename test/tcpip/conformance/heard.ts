import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import { byteAt, type Flow } from './flow.ts'

/** What the program above the stack was told, as scripts say it. */
export interface Heard {
  readonly text: string
  readonly id: number | undefined
  /** News that need not be mentioned. */
  readonly isQuiet: boolean
  /** Bytes of a stream; news that follow each other count as one. */
  readonly bytes: number
}

export const heard = (o: StackOutput, flow: Flow | undefined): Heard | undefined => {
  const id = 'id' in o ? o.id : undefined
  const loud = (text: string, bytes = 0): Heard => ({ text, id, isQuiet: false, bytes })
  const quiet = (text: string): Heard => ({ text, id, isQuiet: true, bytes: 0 })
  switch (o._tag) {
    case 'Accepted':
      return loud('accepted')
    case 'Opened':
      return quiet(`opened ${o.local.port}`)
    case 'Data':
      if (flow !== undefined)
        for (let i = 0; i < o.data.length; i++)
          if (o.data[i] !== byteAt(flow.read++)) throw new Error(`byte ${flow.read} handed to the reader is another`)
      return loud('data', o.data.length)
    case 'Ended':
      return loud('end')
    case 'Closed':
      return loud('closed')
    case 'Failed':
      return loud(`failed ${o.code}`)
    case 'SoftError':
      return loud(`error ${o.code}`)
    case 'State':
      return quiet(`state ${o.state}`)
    case 'Wrote':
      if (flow !== undefined) flow.written += o.bytes
      return quiet(`wrote ${o.bytes}`)
    case 'Datagram':
      return loud(`datagram ${o.data.length} from ${o.from.address}:${o.from.port} to ${o.to.address}:${o.to.port}`)
    case 'Echo':
      return loud(`echo ${o.seq} from ${o.from} bytes ${o.bytes}`)
    case 'EchoFailed':
      return loud(`echo-failed ${o.seq} ${o.code}`)
    case 'Conflict':
      return loud(`conflict ${o.address}`)
    case 'Drop':
      return quiet(`drop ${o.reason}`)
    default:
      return quiet(o._tag.toLowerCase())
  }
}
