import { joined } from '../../../protocol/kernel/bytes.ts'
import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import type { Descriptor, Received } from './descriptor.ts'
import type { Ground } from './ground.ts'
import { perform, type SysResult } from './perform.ts'
import type { Place } from './place.ts'

/** Sends what it can, or all: as the flags and the socket say. */
export const transmit = (
  ground: Ground,
  socket: Descriptor,
  data: Uint8Array,
  flags: number,
  to: Place | undefined,
): SysResult | Promise<SysResult> => {
  if ((flags & ~(S.ZTS_MSG_DONTWAIT | S.ZTS_MSG_MORE)) !== 0) return -E.ZTS_EOPNOTSUPP
  const work = socket.writer(data, to, (flags & S.ZTS_MSG_MORE) !== 0)
  const patience = socket.patience(socket.options.sendTimeout, (flags & S.ZTS_MSG_DONTWAIT) !== 0)
  return perform(ground.clock, socket, socket.writing, patience, work)
}

/** Reads into `into`, and says where that came from. */
export const receive = async (
  ground: Ground,
  socket: Descriptor,
  into: Uint8Array,
  flags: number,
): Promise<{ readonly n: SysResult; readonly received: Received }> => {
  if ((flags & ~(S.ZTS_MSG_PEEK | S.ZTS_MSG_WAITALL | S.ZTS_MSG_DONTWAIT)) !== 0)
    return { n: -E.ZTS_EOPNOTSUPP, received: {} }
  const work = socket.reader(into, {
    peek: (flags & S.ZTS_MSG_PEEK) !== 0,
    all: (flags & S.ZTS_MSG_WAITALL) !== 0,
  })
  const patience = socket.patience(socket.options.receiveTimeout, (flags & S.ZTS_MSG_DONTWAIT) !== 0)
  const n = await perform(ground.clock, socket, socket.reading, patience, work)
  return { n, received: work.received }
}

/** `zts_iovec[]`: buffers that count as one. */
export type Iov = readonly Uint8Array[]

export const isIov = (iov: unknown): iov is Iov =>
  Array.isArray(iov) && iov.length <= MOST_BUFFERS && iov.every((one) => one instanceof Uint8Array)

export const gathered = (iov: Iov): Uint8Array => (iov.length === 1 ? iov[0]! : joined(iov))

/** Reads as `read` does, into all of them in order. */
export const scattered = async <T extends { readonly n: SysResult }>(
  iov: Iov,
  read: (into: Uint8Array) => Promise<T>,
): Promise<T> => {
  if (iov.length === 1) return read(iov[0]!)
  const whole = new Uint8Array(iov.reduce((sum, { length }) => sum + length, 0))
  const answer = await read(whole)
  let at = 0
  for (const one of iov) {
    const part = whole.subarray(at, Math.min(Math.max(answer.n, 0), at + one.length))
    if (at < answer.n) one.set(part)
    at += one.length
  }
  return answer
}

/** `IOV_MAX`. */
const MOST_BUFFERS = 1024
