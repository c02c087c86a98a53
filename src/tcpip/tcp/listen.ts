import type { Ip } from '../ip-output.ts'
import type { SocketId, TcpOptions } from '../stack-io.ts'

/** A socket that waits for connections. */
export interface Listener {
  readonly id: SocketId
  /** `undefined`: every address of the stack. */
  readonly ip: Ip | undefined
  /** 0: every port that no other listener has. */
  readonly port: number
  readonly family: 4 | 6 | undefined
  readonly backlog: number
  readonly options: TcpOptions
  readonly nextId: () => SocketId
  /** Connections in SYN-RECEIVED. */
  halfOpen: number
  /** Connections announced to the owner, who did not take them yet: at most `backlog`. */
  waiting: number
}

/** All listeners; the most specific one gets a SYN. */
export interface Listeners {
  readonly find: (local: Ip, port: number) => Listener | undefined
  readonly conflicts: (ip: Ip | undefined, port: number, family: 4 | 6 | undefined) => boolean
  readonly add: (listener: Listener) => void
  readonly byId: (id: SocketId) => Listener | undefined
  readonly remove: (listener: Listener) => void
  readonly isUsed: (port: number) => boolean
}

export const listeners = (): Listeners => {
  const byPort = new Map<number, Listener[]>()
  const ids = new Map<SocketId, Listener>()
  const best = (local: Ip, port: number): Listener | undefined => {
    let found: Listener | undefined
    for (const l of byPort.get(port) ?? []) {
      if (l.ip !== undefined) {
        if (l.ip.text === local.text) return l
      } else if (l.family === undefined || l.family === local.family) found ??= l
    }
    return found
  }
  return {
    find: (local, port) => best(local, port) ?? best(local, ANY_PORT),
    conflicts: (ip, port, family) =>
      (byPort.get(port) ?? []).some(
        (l) =>
          l.ip?.text === ip?.text &&
          (ip !== undefined || l.family === undefined || family === undefined || l.family === family),
      ),
    add: (listener) => {
      byPort.set(listener.port, [...(byPort.get(listener.port) ?? []), listener])
      ids.set(listener.id, listener)
    },
    byId: (id) => ids.get(id),
    remove: (listener) => {
      const left = (byPort.get(listener.port) ?? []).filter((l) => l !== listener)
      if (left.length === 0) byPort.delete(listener.port)
      else byPort.set(listener.port, left)
      ids.delete(listener.id)
    },
    isUsed: (port) => byPort.has(port),
  }
}

export const ANY_PORT = 0
