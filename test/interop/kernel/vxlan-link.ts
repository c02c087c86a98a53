/**
 * Our host stack on one end of a VXLAN tunnel (RFC 7348): each datagram is eight bytes and an Ethernet frame. Weather is
 * made here, so that the kernel's end needs nothing.
 */
import { createSocket } from 'node:dgram'
import type { Subscription } from 'rxjs'
import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { mac, readU48, writeU48 } from '../../../src/protocol/kernel/id.ts'
import { next, rng, seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { systemClock } from '../../../src/streams/io/clock.ts'
import { stack } from '../../../src/tcpip/stack.ts'
import type { StackCall, StackInput, StackOutput } from '../../../src/tcpip/stack-io.ts'

export interface VxlanLink {
  readonly input: (input: StackInput) => void
  readonly call: (...calls: readonly StackCall[]) => void
  /** ms of the clock of the stack. */
  readonly now: () => number
  /** Shares of the frames that are lost each way, and that leave 3 ms late. */
  readonly weather: (loss: number, reorder: number) => void
  /** The largest packets since the last look, in bytes. */
  readonly largest: () => { readonly sent: number; readonly heard: number }
}

/** Ready when the tunnel stands. */
export const vxlanLink = (own: string, far: string, react: (output: StackOutput) => void): Promise<VxlanLink> => {
  const machine = stack({ mac: mac(0x0200_0000_0077), random: seededRandom(process.pid) })
  const socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20, sendBufferSize: 8 << 20 })
  const clock = systemClock()
  const { now } = clock
  let timer: Subscription | undefined
  let inbox: Frame[] = []
  let [loss, reorder] = [0, 0]
  let largest = { sent: 0, heard: 0 }
  let dice = rng(1)
  const chance = (share: number): boolean => {
    if (share === 0) return false
    const [value, after] = next(dice)
    dice = after
    return value / 0x1_0000_0000 < share
  }

  const transmit = (frame: Frame): void => {
    if (chance(loss)) return
    largest.sent = Math.max(largest.sent, frame.payload.length)
    const b = new Uint8Array(22 + frame.payload.length)
    b.set(VXLAN)
    writeU48(b, 8, frame.to)
    writeU48(b, 14, frame.from)
    b[20] = frame.etherType >>> 8
    b[21] = frame.etherType & 0xff
    b.set(frame.payload, 22)
    if (chance(reorder)) setTimeout(() => socket.send(b, PORT, far), LATE)
    else socket.send(b, PORT, far)
  }
  const after = (outputs: readonly StackOutput[]): void => {
    for (const output of outputs) {
      if (output._tag === 'Frames') output.frames.forEach(transmit)
      else react(output)
    }
    timer?.unsubscribe()
    const at = machine.deadline(machine.initial)
    if (at < Infinity)
      timer = clock.schedule(() => after(machine.tick(machine.initial, now())[1]), Math.max(0, at - now()))
  }
  const input = (given: StackInput): void => after(machine.step(machine.initial, given, now())[1])

  socket.on('message', (b) => {
    if (chance(loss)) return
    const payload = b.subarray(22)
    largest.heard = Math.max(largest.heard, payload.length)
    const frame = { to: mac(readU48(b, 8)), from: mac(readU48(b, 14)), etherType: b.readUInt16BE(20), payload }
    if (inbox.push(frame) === 1)
      setImmediate(() => {
        const frames = inbox
        inbox = []
        input({ _tag: 'Frames', frames })
      })
  })
  const link: VxlanLink = {
    ...{ input, now, call: (...calls) => input({ _tag: 'Calls', calls }) },
    weather: (lost, late) => {
      ;[loss, reorder] = [lost, late]
    },
    largest: () => {
      const found = largest
      largest = { sent: 0, heard: 0 }
      return found
    },
  }
  return new Promise((resolve) => socket.bind(PORT, own, () => resolve(link)))
}

const PORT = 4789
/** The flag that says that there is a network identifier, and the identifier 42. */
const VXLAN = Uint8Array.of(8, 0, 0, 0, 0, 0, 42, 0)
const LATE = 3
