import { SocketError, type ZtError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import type { SocketId } from '../streams/sockets.ts'

/** Until when a socket lives: it ends once, by `close`, by what the stack says, or with its network. */
export class SocketLife {
  readonly #network: NetworkCore
  readonly #id: SocketId
  readonly #free: (reason: ZtError | undefined) => void
  readonly #onEnd: (() => void)[] = []
  #reason: ZtError | undefined
  #ended = false

  /** `free` lets go of what the socket holds. */
  constructor(network: NetworkCore, id: SocketId, free: (reason: ZtError | undefined) => void) {
    this.#network = network
    this.#id = id
    this.#free = free
  }

  get ended(): boolean {
    return this.#ended
  }

  /** @throws {ZtError} why the socket is no more */
  check(syscall: string, where?: { readonly address: string; readonly port: number }): void {
    if (this.#reason !== undefined) throw this.#reason
    if (this.#ended)
      throw new SocketError('ERR_ZT_SOCKET_CLOSED', syscall, where, 'the socket was closed here; open a new one')
  }

  close(): Promise<void> {
    if (!this.#ended) {
      this.#network.call({ call: 'close', id: this.#id })
      this.#network.sockets.drop(this.#id)
      this.end()
    }
    return Promise.resolve()
  }

  end(reason?: ZtError): void {
    if (this.#ended) return
    this.#ended = true
    this.#reason = reason
    this.#free(reason)
    for (const then of this.#onEnd.splice(0)) then()
  }

  /** Called back when it ends, by whomever; at once if it has. */
  whenEnded(then: () => void): void {
    if (this.#ended) then()
    else this.#onEnd.push(then)
  }
}
