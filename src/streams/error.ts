import type { NetworkId } from './public-id.ts'
import { printStoreKey, type StoreKey } from './store.ts'

/** Errors of our own making; socket errors carry the names that Node uses. */
export type ZtErrorCode =
  | 'ERR_ZT_ACCESS_DENIED'
  | 'ERR_ZT_BACKPRESSURE'
  | 'ERR_ZT_BIND'
  | 'ERR_ZT_CENTRAL_ANSWER'
  | 'ERR_ZT_CENTRAL_DENIED'
  | 'ERR_ZT_CENTRAL_FAILED'
  | 'ERR_ZT_CENTRAL_NOT_FOUND'
  | 'ERR_ZT_CENTRAL_RATE_LIMIT'
  | 'ERR_ZT_CENTRAL_REFUSED'
  | 'ERR_ZT_CENTRAL_TOKEN'
  | 'ERR_ZT_CENTRAL_UNREACHABLE'
  | 'ERR_ZT_CLOSED'
  | 'ERR_ZT_CONTROLLER'
  | 'ERR_ZT_DEFECT'
  | 'ERR_ZT_IDENTITY_COLLISION'
  | 'ERR_ZT_IDENTITY_INVALID'
  | 'ERR_ZT_INVALID_ADDRESS'
  | 'ERR_ZT_INVALID_ID'
  | 'ERR_ZT_INVALID_OPTION'
  | 'ERR_ZT_LEFT'
  | 'ERR_ZT_LINK'
  | 'ERR_ZT_LOCKED'
  | 'ERR_ZT_NOT_A_BRIDGE'
  | 'ERR_ZT_NOT_FOUND'
  | 'ERR_ZT_PLANET_INVALID'
  | 'ERR_ZT_SOCKET_CLOSED'
  | 'ERR_ZT_STORE_CORRUPT'
  | 'ERR_ZT_STORE_LOCKED'
  | 'ERR_ZT_STORE_UNWRITABLE'
  | 'ERR_ZT_TOO_OLD'
  | (string & {})

/** Every error that leaves this library. `message` says what was wrong, with the value, and after a dash what to do. */
export class ZtError extends Error {
  readonly code: ZtErrorCode

  constructor(code: ZtErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** A node cannot start, or cannot go on. */
export class NodeError extends ZtError {}
/** A caller said something impossible. */
export class ArgumentError extends ZtError {}
/** Bytes from the wire that were refused: seen in traces, never thrown. */
export class ProtocolError extends ZtError {}

/** A network refused us, or is no longer joined. */
export class NetworkError extends ZtError {
  readonly networkId: NetworkId

  constructor(code: ZtErrorCode, networkId: NetworkId, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.networkId = networkId
  }
}

/** The store could not be read or written. */
export class StoreError extends ZtError {
  readonly key: StoreKey | undefined

  constructor(code: ZtErrorCode, key: StoreKey | undefined, message: string, options?: ErrorOptions) {
    super(code, key === undefined ? message : `${printStoreKey(key)}: ${message}`, options)
    this.key = key
  }
}

/** What went wrong on a socket, shaped like Node's system errors: `connect ECONNREFUSED 10.1.2.3:80`. */
export class SocketError extends ZtError {
  /** Negative, like Node's; 0 for codes of our own. */
  readonly errno: number
  readonly syscall: string
  readonly address?: string
  readonly port?: number

  constructor(
    code: ZtErrorCode,
    syscall: string,
    where?: { readonly address: string; readonly port?: number },
    say?: string,
    options?: ErrorOptions,
  ) {
    const place =
      where === undefined ? '' : ` ${where.port === undefined ? where.address : printPlace(where.address, where.port)}`
    super(code, `${syscall} ${code}${place}${say === undefined ? '' : ` — ${say}`}`, options)
    this.errno = -(ERRNO[code] ?? 0)
    this.syscall = syscall
    if (where !== undefined) this.address = where.address
    if (where?.port !== undefined) this.port = where.port
  }
}

const printPlace = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** Linux numbering. */
const ERRNO: Readonly<Record<string, number>> = {
  EBADF: 9,
  EACCES: 13,
  EINVAL: 22,
  EPIPE: 32,
  EDESTADDRREQ: 89,
  EMSGSIZE: 90,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EAI_AGAIN: 3001,
  ENOTFOUND: 3008,
}
