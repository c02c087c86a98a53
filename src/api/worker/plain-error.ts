import {
  ArgumentError,
  NetworkError,
  NodeError,
  ProtocolError,
  SocketError,
  StoreError,
  ZtError,
} from '../../streams/error.ts'
import type { NetworkId } from '../../streams/public-id.ts'
import type { StoreKey } from '../../streams/store.ts'

/** An error as it goes from thread to thread: a clone would lose its class and its fields. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
  readonly networkId?: NetworkId
  readonly key?: StoreKey
  readonly cause?: PlainError
}

export const plainError = (error: unknown): PlainError => {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, cause } = error
  return {
    name,
    message,
    ...(error instanceof ZtError ? { code: error.code } : {}),
    ...(error instanceof SocketError ? placeOf(error) : {}),
    ...(error instanceof NetworkError ? { networkId: error.networkId } : {}),
    ...(error instanceof StoreError && error.key !== undefined ? { key: error.key } : {}),
    ...(cause === undefined ? {} : { cause: plainError(cause) }),
  }
}

export const revivedError = (plain: PlainError): Error => {
  const error = withoutMessage(plain)
  // constructors add to a message what is in this one already
  error.message = plain.message
  return error
}

const withoutMessage = ({ name, message, code = '', cause: plain, ...rest }: PlainError): Error => {
  const options = plain === undefined ? undefined : { cause: revivedError(plain) }
  switch (name) {
    case 'NodeError':
      return new NodeError(code, message, options)
    case 'ArgumentError':
      return new ArgumentError(code, message, options)
    case 'ProtocolError':
      return new ProtocolError(code, message, options)
    case 'NetworkError':
      return new NetworkError(code, rest.networkId ?? ('' as NetworkId), message, options)
    case 'StoreError':
      return new StoreError(code, rest.key, message, options)
    case 'SocketError':
      return new SocketError(code, rest.syscall ?? '', whereOf(rest), undefined, options)
    default:
      return Object.assign(new Error(message, options), { name })
  }
}

const placeOf = ({ syscall, address, port }: SocketError): Partial<PlainError> => ({
  syscall,
  ...(address === undefined ? {} : { address }),
  ...(port === undefined ? {} : { port }),
})
const whereOf = ({ address, port }: Partial<PlainError>) =>
  address === undefined ? undefined : { address, ...(port === undefined ? {} : { port }) }
