import { decode } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { ethernet } from '../../src/tcpip/ethernet.ts'

/** A frame that is known to be one. */
export const frameOf = (bytes: Uint8Array): Frame => {
  const read = decode(ethernet, bytes)
  if (read._tag === 'Left') throw new Error('no Ethernet frame')
  return read.right
}
