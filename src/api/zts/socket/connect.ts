import { errno as E } from '../errno.ts'
import type { Descriptor } from './descriptor.ts'
import type { Ground } from './ground.ts'
import { perform, type SysResult, Turns, whole } from './perform.ts'
import type { Place } from './place.ts'

/** `connect()`: blocks until the connection stands or not, unless the socket does not block. */
export const connect = (socket: Descriptor, place: Place): SysResult | Promise<SysResult> => {
  const begun = socket.connect(place)
  return begun === -E.ZTS_EINPROGRESS && !socket.nonBlocking ? socket.settled() : begun
}

/**
 * `zts_connect`: tries until the time is up, four times a second: the network may not be ready yet, nor the peer. A socket
 * that does not block tries once.
 */
export const connectWithin = async (
  { clock }: Ground,
  socket: Descriptor,
  place: Place,
  timeout: number,
): Promise<SysResult> => {
  if (socket.nonBlocking) return socket.connect(place)
  const end = clock.now() + timeout
  for (;;) {
    const begun = socket.connect(place, Math.max(1, end - clock.now()))
    const result = begun === -E.ZTS_EINPROGRESS ? await socket.settled() : begun
    if (!MAY_PASS.has(result) || clock.now() >= end) return result
    const pause = { blocking: true, timeout: Math.min(RETRY, end - clock.now()) }
    // nothing is waited for but the time, and the end of the socket
    await perform(
      clock,
      socket,
      new Turns(),
      pause,
      whole(() => -E.ZTS_EAGAIN),
    )
    if (socket.closed) return -E.ZTS_EBADF
    if (clock.now() >= end) return result
  }
}

const MAY_PASS: ReadonlySet<number> = new Set([
  -E.ZTS_ECONNREFUSED,
  -E.ZTS_ECONNRESET,
  -E.ZTS_EHOSTUNREACH,
  -E.ZTS_ENETDOWN,
  -E.ZTS_ENETUNREACH,
  -E.ZTS_ETIMEDOUT,
])
/** ms. */
const RETRY = 250
