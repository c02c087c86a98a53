import { isRecord } from '../../../streams/option.ts'
import { option as O } from '../constant/option.ts'
import { socket as S } from '../constant/socket.ts'
import type { BsdFunctions } from './bsd-functions.ts'
import type { Calls } from './calls.ts'

/** Socket options one by one, as numbers. Getters give the value, or a negative result code. */
export const simpleOptionFunctions = (calls: Calls, bsd: BsdFunctions) => {
  const { zts_bsd_setsockopt: set, zts_bsd_getsockopt: get } = bsd
  const SOCKET = O.ZTS_SOL_SOCKET
  const { ZTS_IPPROTO_TCP: TCP, ZTS_IPPROTO_IP: IP } = S

  const setFlag = (fd: number, level: number, name: number, on: unknown): number =>
    on === 0 || on === 1 || typeof on === 'boolean' ? set(fd, level, name, on) : calls.badArgument
  const setNumber = (fd: number, level: number, name: number, value: number, most: number): number =>
    Number.isInteger(value) && value >= 0 && value <= most ? set(fd, level, name, value) : calls.badArgument
  const number = (fd: number, level: number, name: number): number => {
    const { err, value } = get(fd, level, name)
    return err < 0 ? err : Number(value)
  }
  const field = (fd: number, name: number, key: string): number => {
    const { err, value } = get(fd, SOCKET, name)
    return err < 0 || !isRecord(value) ? err : Number(value[key])
  }
  const setTime = (fd: number, name: number, seconds: number, microseconds: number): number =>
    isCount(seconds) && isCount(microseconds) && microseconds < 1_000_000
      ? set(fd, SOCKET, name, { tv_sec: seconds, tv_usec: microseconds })
      : calls.badArgument

  return {
    zts_set_no_delay: (fd: number, enabled: number): number => setFlag(fd, TCP, O.ZTS_TCP_NODELAY, enabled),
    zts_get_no_delay: (fd: number): number => number(fd, TCP, O.ZTS_TCP_NODELAY),
    zts_set_linger: (fd: number, enabled: number, seconds: number): number =>
      (enabled === 0 || enabled === 1) && isCount(seconds)
        ? set(fd, SOCKET, O.ZTS_SO_LINGER, { l_onoff: enabled, l_linger: seconds })
        : calls.badArgument,
    zts_get_linger_enabled: (fd: number): number => field(fd, O.ZTS_SO_LINGER, 'l_onoff'),
    zts_get_linger_value: (fd: number): number => field(fd, O.ZTS_SO_LINGER, 'l_linger'),
    zts_set_reuse_addr: (fd: number, enabled: number): number => setFlag(fd, SOCKET, O.ZTS_SO_REUSEADDR, enabled),
    zts_get_reuse_addr: (fd: number): number => number(fd, SOCKET, O.ZTS_SO_REUSEADDR),
    zts_set_recv_timeout: (fd: number, seconds: number, microseconds = 0): number =>
      setTime(fd, O.ZTS_SO_RCVTIMEO, seconds, microseconds),
    /** Whole seconds, and the microseconds beside them. */
    zts_get_recv_timeout: (fd: number): number => field(fd, O.ZTS_SO_RCVTIMEO, 'tv_sec'),
    zts_get_recv_timeout_us: (fd: number): number => field(fd, O.ZTS_SO_RCVTIMEO, 'tv_usec'),
    zts_set_send_timeout: (fd: number, seconds: number, microseconds = 0): number =>
      setTime(fd, O.ZTS_SO_SNDTIMEO, seconds, microseconds),
    zts_get_send_timeout: (fd: number): number => field(fd, O.ZTS_SO_SNDTIMEO, 'tv_sec'),
    zts_get_send_timeout_us: (fd: number): number => field(fd, O.ZTS_SO_SNDTIMEO, 'tv_usec'),
    zts_set_recv_buf_size: (fd: number, size: number): number =>
      setNumber(fd, SOCKET, O.ZTS_SO_RCVBUF, size, 0x7fff_ffff),
    zts_get_recv_buf_size: (fd: number): number => number(fd, SOCKET, O.ZTS_SO_RCVBUF),
    zts_set_send_buf_size: (fd: number, size: number): number =>
      setNumber(fd, SOCKET, O.ZTS_SO_SNDBUF, size, 0x7fff_ffff),
    zts_get_send_buf_size: (fd: number): number => number(fd, SOCKET, O.ZTS_SO_SNDBUF),
    zts_set_ttl: (fd: number, ttl: number): number => setNumber(fd, IP, O.ZTS_IP_TTL, ttl, 255),
    zts_get_ttl: (fd: number): number => number(fd, IP, O.ZTS_IP_TTL),
    zts_set_blocking: (fd: number, enabled: number): number =>
      enabled === 0 || enabled === 1
        ? bsd.zts_bsd_fcntl(fd, S.ZTS_F_SETFL, enabled === 1 ? 0 : S.ZTS_O_NONBLOCK)
        : calls.badArgument,
    zts_get_blocking: (fd: number): number => {
      const flags = bsd.zts_bsd_fcntl(fd, S.ZTS_F_GETFL)
      return flags < 0 ? flags : Number((flags & S.ZTS_O_NONBLOCK) === 0)
    },
    zts_set_keepalive: (fd: number, enabled: number): number => setFlag(fd, SOCKET, O.ZTS_SO_KEEPALIVE, enabled),
    zts_get_keepalive: (fd: number): number => number(fd, SOCKET, O.ZTS_SO_KEEPALIVE),
    /** `ZTS_SO_ERROR`: an errno, told once; 0 for none. */
    zts_get_last_socket_error: (fd: number): number => number(fd, SOCKET, O.ZTS_SO_ERROR),
    /** Bytes that can be read. */
    zts_get_data_available: (fd: number): number => available(fd),
    zts_get_pending_data_size: (fd: number): number => available(fd),
  }

  function available(fd: number): number {
    const { err, value } = bsd.zts_bsd_ioctl(fd, S.ZTS_FIONREAD)
    return err < 0 ? err : value
  }
}

const isCount = (x: unknown): x is number => Number.isInteger(x) && (x as number) >= 0
