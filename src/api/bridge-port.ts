import { type Observable, type SchedulerLike, Subject, takeUntil } from 'rxjs'
import { ArgumentError, NetworkError, SocketError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import { checkOptions, refuse } from '../streams/option.ts'
import { waitUntil } from './network-ready.ts'
import { closeOnAbort } from './open-socket.ts'
import { type WaitOptions, waitRules } from './wait.ts'

/**
 * A port of the network's segment for devices that run nothing of ZeroTier: a TAP interface, a virtual machine, another
 * network. Frames are whole Ethernet frames as on a TAP interface: `to[6] from[6] etherType[2] payload`, no checksum. The
 * port learns which MACs are behind it; two bridges to one cable are a loop as with any switch, spanning tree passes.
 */
export interface BridgePort extends AsyncDisposable {
  /**
   * Frames for devices behind this node: for MACs that no member has, and all broadcast and multicast. Hot, with no queue
   * in between: what nobody listens to is gone. Silent while the controller has the node be no bridge; completes at `close`.
   */
  readonly incoming$: Observable<Uint8Array>
  /**
   * A frame of a device behind this node; the bytes may be used again at once. Best effort, as on a cable: what is no
   * frame, too large (`docs/limits.md`), or comes from a member's MAC is dropped, with its reason in `drops$`.
   * @throws {SocketError} `ERR_ZT_SOCKET_CLOSED`; once the network is left {NetworkError} `ERR_ZT_LEFT`
   */
  send(frame: Uint8Array): void
  close(): Promise<void>
}

/** Waits until the network has a configuration, which says whether this node is a bridge of it. */
export const openBridge = async (
  network: NetworkCore,
  clock: SchedulerLike,
  options: WaitOptions,
): Promise<BridgePort> => {
  checkOptions('bridge()', options, waitRules)
  if (!network.canBridge)
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      'bridge() is not possible with a node on a thread of its own — use one of createNode()',
    )
  const { signal, timeout = TIMEOUT } = options
  await waitUntil(network, clock, 'bridge', { signal, timeout }, 'ok', false)
  const { id, bridge } = network.state
  if (!bridge)
    throw new NetworkError(
      'ERR_ZT_NOT_A_BRIDGE',
      id,
      `this node is no bridge of network ${id} — set activeBridge of its member on the controller`,
    )
  if (network.bridging.isOpen)
    throw new SocketError('EADDRINUSE', 'bridge', undefined, 'the network has a port already; close that one first')
  const port = new VirtualBridgePort(network)
  closeOnAbort(port, signal)
  return port
}

class VirtualBridgePort implements BridgePort {
  readonly incoming$: Observable<Uint8Array>
  readonly #network: NetworkCore
  readonly #closed = new Subject<void>()
  #isClosed = false

  constructor(network: NetworkCore) {
    this.#network = network
    this.incoming$ = network.bridging.frame$.pipe(takeUntil(this.#closed))
    network.bridging.turn(true)
  }

  send(frame: Uint8Array): void {
    if (!(frame instanceof Uint8Array)) refuse('frame', frame, 'pass the bytes of an Ethernet frame')
    if (this.#network.ended !== undefined) throw this.#network.ended
    if (this.#isClosed)
      throw new SocketError('ERR_ZT_SOCKET_CLOSED', 'send', undefined, 'the port was closed here; open a new one')
    this.#network.bridging.send(frame)
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      if (this.#network.ended === undefined) this.#network.bridging.turn(false)
      this.#closed.next()
    }
    return Promise.resolve()
  }
  whenClosed(then: () => void): void {
    if (this.#isClosed) then()
    else this.#closed.subscribe(then)
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const TIMEOUT = 30_000
