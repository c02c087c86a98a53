import { summary } from '../../../streams/capture/pcapng.ts'
import type { PacketTrace } from '../../../streams/trace.ts'
import { printPlace } from '../tunnel/host-listener.ts'
import { stamp } from './frame-line.ts'

/**
 * A packet of VL1 in a line, for people.
 *
 *     12:34:56.789 out 192.0.2.1:9993 FRAME 89e92ceee5 → 9d219039f3, packet 0123456789abcdef, suite 1: accepted, 131 bytes
 */
export const packetLine = (packet: PacketTrace): string => {
  const { at, dir, endpoint, bytes } = packet
  const place = printPlace({ host: endpoint.address, port: endpoint.port })
  return `${stamp(at)} ${dir.padEnd(3)} wire ${place} ${summary(packet)}, ${bytes.length} bytes`
}
