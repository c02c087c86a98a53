import type { Duplex } from 'node:stream'

/** A TCP connection of either world: `net.Socket`, or what `toDuplex` makes of a virtual one. Both keep half-open. */
export type Side = Duplex & { resetAndDestroy(): unknown }

/**
 * Joins two connections that may each be half-closed: what comes in at one leaves by the other, as fast as the slower of
 * them takes it, and nothing is kept in between but what the streams hold. The end of one direction is passed on as an
 * end, anything else that ends a connection as a reset. Both are gone as soon as one is.
 */
export const splice = (a: Side, b: Side): void => {
  follow(a, b)
  follow(b, a)
  a.pipe(b)
  b.pipe(a)
}

const follow = (one: Side, other: Side): void => {
  one.on('error', ignore)
  one.once('close', () => {
    const inGoodOrder = one.readableEnded && one.writableFinished
    if (!inGoodOrder && !other.destroyed) other.resetAndDestroy()
  })
}

/** What an error means is told by `close`, which follows it. */
export const ignore = (): void => undefined
