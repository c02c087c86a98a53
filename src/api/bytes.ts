import { ArgumentError } from '../streams/error.ts'

/** What callers may write: bytes, or text that is sent as UTF-8. */
export type Bytes = Uint8Array | string

export const toBytes = (data: Bytes): Uint8Array => {
  if (typeof data === 'string') return encoder.encode(data)
  if (data instanceof Uint8Array) return data
  throw new ArgumentError(
    'ERR_ZT_INVALID_OPTION',
    `data of type ${data === null ? 'null' : typeof data} cannot be sent — pass a Uint8Array or a string`,
  )
}

const encoder = new TextEncoder()
