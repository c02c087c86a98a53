import { combineLatest, map, merge } from 'rxjs'
import type { LocalSocket, OutgoingDatagram } from '../protocol/datagram.ts'
import type { Link } from './link.ts'

/** Several links as one: socket `n` of link `i` of `k` is known as `n * k + i`. */
export const combinedLink = (links: readonly Link[]): Link => {
  const k = links.length
  const outer = (socket: number, i: number): number => socket * k + i
  return {
    name: links.map((link) => link.name).join('+'),
    allowLoopback: links.some((link) => link.allowLoopback === true),
    incoming$: merge(
      ...links.map((link, i) =>
        link.incoming$.pipe(
          map((batch) => batch.map((datagram) => ({ ...datagram, socket: outer(datagram.socket, i) }))),
        ),
      ),
    ),
    local$: combineLatest(links.map((link) => link.local$)).pipe(
      map((all) =>
        all.flatMap((sockets, i): readonly LocalSocket[] =>
          sockets.map((socket) => ({ ...socket, socket: outer(socket.socket, i) })),
        ),
      ),
    ),
    send: (batch) =>
      links.forEach((link, i) => {
        const own = batch.flatMap((datagram): readonly OutgoingDatagram[] => {
          if (datagram.socket === undefined) return [datagram]
          return datagram.socket % k === i ? [{ ...datagram, socket: (datagram.socket - i) / k }] : []
        })
        if (own.length > 0) link.send(own)
      }),
    close: async () => {
      await Promise.all(links.map((link) => link.close()))
    },
    ref: () => {
      for (const link of links) link.ref?.()
    },
    unref: () => {
      for (const link of links) link.unref?.()
    },
  }
}
