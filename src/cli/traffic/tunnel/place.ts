import { isIP } from 'node:net'
import { misuse } from '../../failure.ts'
import { portOf } from '../../operand.ts'
import type { Place } from './host-listener.ts'

/** `[bind:]port:host:port`, as `ssh -L` has it; IPv6 addresses in brackets. */
export interface ForwardSpec {
  readonly bind: string | undefined
  readonly port: number
  readonly to: Place
}

export const forwardSpec = (text: string): ForwardSpec => {
  const parts = split(text)
  if (parts === undefined || parts.length < 3 || parts.length > 4)
    return misuse(`"${text}" does not say what to forward`, 'write [bind:]port:host:port, like 8080:10.147.17.5:80')
  const [port = '', host = '', toPort = ''] = parts.slice(-3)
  const bind = parts.length === 4 ? parts[0] : undefined
  if (host === '') return misuse(`"${text}" names no host`, 'write [bind:]port:host:port, like 8080:10.147.17.5:80')
  return {
    bind: bind === '' || bind === '*' ? '0.0.0.0' : bind,
    port: portOf(port, 0),
    to: { host, port: portOf(toPort) },
  }
}

/** `1080`, `0.0.0.0:1080`, `[::1]:1080`: where a proxy listens, by itself on this machine alone. */
export const listenSpec = (text: string): Place => {
  const parts = split(text)
  if (parts === undefined || parts.length > 2)
    return misuse(`"${text}" is no place to listen`, 'write a port or address:port, like 1080 or [::1]:1080')
  const [port = ''] = parts.slice(-1)
  const host = parts.length === 2 ? parts[0]! : LOCAL
  if (isIP(host) === 0)
    return misuse(`"${host}" is no IP address`, 'write a port or address:port, like 1080 or 127.0.0.1:1080')
  return { host, port: portOf(port, 0) }
}

/** At the colons that are in no brackets. */
const split = (text: string): readonly string[] | undefined => {
  const parts = text.match(/\[[^\]]*\]|[^:[\]]+|:/g) ?? []
  if (parts.join('') !== text) return undefined
  const found = ['']
  for (const part of parts)
    if (part === ':') found.push('')
    else if (found.at(-1) !== '') return undefined
    else found[found.length - 1] = part.replace(/^\[(.*)\]$/, '$1')
  return found
}

/** Where a service listens that is not told where: nobody else gets at it. */
export const LOCAL = '127.0.0.1'
/** Only this machine itself can call there. */
export const isLocal = (host: string): boolean => host === '::1' || host.startsWith('127.')
