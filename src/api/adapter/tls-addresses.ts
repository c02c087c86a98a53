import type { Duplex } from '../../streams/io/node-modules.ts'
import { ConnectionDuplex, type VirtualDuplex } from './duplex.ts'

/**
 * Lets a `TLSSocket` say who is at the other end. It asks its kernel handle, and over a stream there is none, so that
 * `request.socket.remoteAddress` would be missing with HTTPS alone.
 */
export const lendAddresses = <S extends Duplex>(secure: S, raw: VirtualDuplex): S => {
  for (const name of LENT) Object.defineProperty(secure, name, { configurable: true, get: () => raw[name] })
  return secure
}

/**
 * The virtual connection below a `TLSSocket` that a server of Node made, if there is one. Node has no public way from one
 * to the other; where the private one is missing, the address is missing and nothing else.
 */
export const connectionBelow = (secure: Duplex): VirtualDuplex | undefined => {
  const { _handle } = secure as { readonly _handle?: { readonly _parentWrap?: { readonly stream?: unknown } } }
  const raw = _handle?._parentWrap?.stream
  return raw instanceof ConnectionDuplex ? raw : undefined
}

const LENT = [
  'peer',
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
] as const satisfies readonly (keyof VirtualDuplex)[]
