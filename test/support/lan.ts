import type { SchedulerLike } from 'rxjs'
import { VirtualNetwork } from '../../src/api/network.ts'
import type { BridgePort, Network } from '../../src/index.node.ts'
import { encode } from '../../src/protocol/kernel/codec.ts'
import { address, parseNetworkId } from '../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { openSettings } from '../../src/protocol/network/local-settings.ts'
import { RunningNetwork } from '../../src/streams/network.ts'
import { ethernet } from '../../src/tcpip/ethernet.ts'
import { frameOf } from './frame-of.ts'
import { configFor, identityNamed } from './vl2-network.ts'

/** A cable with hosts that run nothing of ZeroTier; everybody on it hears everything, half a millisecond later. */
export class Lan {
  readonly #clock: SchedulerLike
  readonly #hear: ((frame: Uint8Array) => void)[] = []
  #lastHost: number
  /** Frames that were put on the cable. */
  frames = 0

  /** The hosts of two cables that are bridged to each other need other MACs: `number` tells them apart. */
  constructor(clock: SchedulerLike, number = 0) {
    this.#clock = clock
    this.#lastHost = number << 8
  }

  /** Plugs something in; what it sends, all others hear. */
  plug(hear: (frame: Uint8Array) => void): (frame: Uint8Array) => void {
    this.#hear.push(hear)
    return (frame) => {
      this.frames++
      this.#clock.schedule(() => {
        for (const other of this.#hear) if (other !== hear) other(frame.slice())
      }, 0.5)
    }
  }

  bridge(port: BridgePort): void {
    const send = this.plug((frame) => port.send(frame))
    port.incoming$.subscribe(send)
  }

  /** Our host stack with nothing below it but this cable. */
  host(ip: string): Network {
    const number = ++this.#lastHost
    const clock = this.#clock
    const send = this.plug((frame) => host.receive([frameOf(frame)]))
    const host = new RunningNetwork(CABLE, address(number), openSettings, {
      clock,
      random: seededRandom(100 + number),
      dropped: () => undefined,
      sendFrames: (_, frames) => {
        for (const frame of frames) send(encode(ethernet, frame))
      },
      turnBridging: () => undefined,
      sendBridged: () => undefined,
      malformedFrame: () => undefined,
      announceGroups: () => undefined,
      conflict: () => undefined,
      note: () => undefined,
      changed: () => undefined,
      defect: (error) => {
        throw error
      },
    })
    const config = configFor(identityNamed('zc'), identityNamed('za'), 0, {
      mtu: 1500,
      staticIps: [{ address: ip, bits: 24 }],
    })
    host.configure('ok', config)
    return new VirtualNetwork(host, clock, () => Promise.resolve())
  }
}

/** Its MACs begin with 2a, which is none of the networks' in the tests. */
const CABLE = parseNetworkId('000000000000002a')!
