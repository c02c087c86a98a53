import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import type { Descriptor } from './descriptor.ts'
import { readInt } from './option-value.ts'
import type { SysResult } from './perform.ts'

/** `F_GETFL` and `F_SETFL`; of what can be set there is `O_NONBLOCK` alone. */
export const fcntl = (socket: Descriptor, cmd: number, flags: number): SysResult => {
  if (cmd === S.ZTS_F_GETFL) return S.ZTS_O_RDWR | (socket.nonBlocking ? S.ZTS_O_NONBLOCK : 0)
  if (cmd !== S.ZTS_F_SETFL || !Number.isInteger(flags) || (flags & ~(S.ZTS_O_RDWR | S.ZTS_O_NONBLOCK)) !== 0)
    return -E.ZTS_ENOSYS
  socket.nonBlocking = (flags & S.ZTS_O_NONBLOCK) !== 0
  return 0
}

/** `FIONREAD` gives a number of bytes, `FIONBIO` takes a flag. */
export const ioctl = (socket: Descriptor, request: number, argument: unknown): SysResult => {
  if (request === S.ZTS_FIONREAD) return socket.available
  if (request !== S.ZTS_FIONBIO) return -E.ZTS_ENOSYS
  const flag = readInt(argument)
  if (flag === undefined) return -E.ZTS_EINVAL
  socket.nonBlocking = flag !== 0
  return 0
}
