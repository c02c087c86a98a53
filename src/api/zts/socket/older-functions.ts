import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import { familyNumber, readSockaddr } from '../sockaddr.ts'
import type { BsdFunctions } from './bsd-functions.ts'
import type { Calls } from './calls.ts'
import type { SimpleFunctions, ZtsAcceptedText } from './simple-functions.ts'

/** Names of the older headers: those of BSD without `bsd_`, and three that are no more. */
export const olderSocketFunctions = (calls: Calls, bsd: BsdFunctions, simple: SimpleFunctions) => {
  const isOfFamily = (family: number, ip: string): boolean => {
    const place = readSockaddr({ addr: ip })
    return place !== undefined && familyNumber(place.address) === family
  }
  return {
    zts_setsockopt: bsd.zts_bsd_setsockopt,
    zts_getsockopt: bsd.zts_bsd_getsockopt,
    zts_sendto: bsd.zts_bsd_sendto,
    zts_sendmsg: bsd.zts_bsd_sendmsg,
    zts_recvfrom: bsd.zts_bsd_recvfrom,
    zts_recvmsg: bsd.zts_bsd_recvmsg,
    zts_readv: bsd.zts_bsd_readv,
    zts_writev: bsd.zts_bsd_writev,
    zts_shutdown: bsd.zts_bsd_shutdown,
    zts_select: bsd.zts_bsd_select,
    zts_poll: bsd.zts_bsd_poll,
    zts_fcntl: bsd.zts_bsd_fcntl,
    zts_ioctl: bsd.zts_bsd_ioctl,
    zts_gethostbyname: bsd.zts_bsd_gethostbyname,
    /** `flags`: `ZTS_SOCK_NONBLOCK` for the connection, not for the listener. */
    zts_accept4: async (fd: number, flags: number): Promise<ZtsAcceptedText> => {
      const none = { addr: undefined, str: '', port: 0 }
      if (!Number.isInteger(flags) || (flags & ~S.ZTS_SOCK_NONBLOCK) !== 0)
        return { fd: calls.on(fd, () => -E.ZTS_EINVAL), ...none }
      const accepted = await simple.zts_accept(fd)
      if (accepted.fd >= 0 && flags !== 0) bsd.zts_bsd_fcntl(accepted.fd, S.ZTS_F_SETFL, S.ZTS_O_NONBLOCK)
      return accepted
    },
    zts_bind_easy: (fd: number, family: number, ip: string, port: number): number =>
      isOfFamily(family, ip) ? simple.zts_bind(fd, ip, port) : calls.badArgument,
    zts_connect_easy: async (fd: number, family: number, ip: string, port: number, timeout = 0): Promise<number> =>
      isOfFamily(family, ip) ? simple.zts_connect(fd, ip, port, timeout) : calls.badArgument,
  }
}
