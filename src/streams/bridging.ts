import { type Observable, Subject } from 'rxjs'
import { decode, encode } from '../protocol/kernel/codec.ts'
import { FRAME_HEADROOM, type Frame } from '../protocol/kernel/frame.ts'
import { ethernet } from '../tcpip/ethernet.ts'

/** What the devices behind a node ask of the network they are bridged to. */
export interface BridgingPorts {
  readonly turn: (on: boolean) => void
  readonly send: (frame: Frame) => void
  readonly malformed: () => void
}

/** The segment behind a node that is an active bridge: Ethernet frames as bytes, in both directions. No queue in between. */
export class Bridging {
  readonly frame$: Observable<Uint8Array>
  readonly #ports: BridgingPorts
  readonly #frame = new Subject<Uint8Array>()
  #open = false

  constructor(ports: BridgingPorts) {
    this.#ports = ports
    this.frame$ = this.#frame.asObservable()
  }

  get isOpen(): boolean {
    return this.#open
  }
  turn(on: boolean): void {
    this.#open = on
    this.#ports.turn(on)
  }

  /** For the devices: each its own copy, what the network gave may be written over. */
  receive(frames: readonly Frame[]): void {
    if (this.#frame.observed) for (const frame of frames) this.#frame.next(encode(ethernet, frame))
  }

  /** From a device. Lower layers write their headers in front of the payload, so it is copied behind some room. */
  send(bytes: Uint8Array): void {
    const read = decode(ethernet, bytes)
    if (read._tag === 'Left') {
      this.#ports.malformed()
      return
    }
    const frame = read.right
    const buffer = new Uint8Array(FRAME_HEADROOM + frame.payload.length)
    buffer.set(frame.payload, FRAME_HEADROOM)
    this.#ports.send({ ...frame, payload: buffer.subarray(FRAME_HEADROOM) })
  }

  end(): void {
    this.#open = false
    this.#frame.complete()
  }
}
