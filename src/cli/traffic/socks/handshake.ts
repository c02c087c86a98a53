import type { Place } from '../tunnel/host-listener.ts'
import type { Login } from '../tunnel/login.ts'
import type { ByteReader } from './byte-reader.ts'
import { addressLength, METHOD, PASSWORD_VERSION, REPLY, readPlace, reply, VERSION } from './wire.ts'

export interface Request {
  readonly command: number
  readonly to: Place
}

/**
 * What a client asks for, once it has said who it is where that is wanted; `undefined` if it was turned away, or went
 * away. `say` sends an answer.
 */
export const handshake = async (
  reader: ByteReader,
  say: (bytes: Uint8Array) => void,
  login: Login | undefined,
): Promise<Request | undefined> => {
  const greeting = await reader.take(2)
  if (greeting?.[0] !== VERSION) return undefined
  const methods = await reader.take(greeting[1]!)
  if (methods === undefined) return undefined
  const method = login === undefined ? METHOD.none : METHOD.password
  if (!methods.includes(method)) {
    say(Uint8Array.of(VERSION, METHOD.refused))
    return undefined
  }
  say(Uint8Array.of(VERSION, method))
  if (login !== undefined && !(await isKnown(reader, say, login))) return undefined

  const head = await reader.take(5)
  if (head?.[0] !== VERSION) return undefined
  const [, command = 0, , type = 0, first = 0] = head
  const length = addressLength(type, first)
  if (length === undefined) {
    say(reply(REPLY.noSuchAddress))
    return undefined
  }
  const rest = await reader.take(length - 1 + 2)
  if (rest === undefined) return undefined
  const to = readPlace(type, Uint8Array.of(first, ...rest))
  if (to !== undefined) return { command, to }
  say(reply(REPLY.noSuchAddress))
  return undefined
}

const isKnown = async (reader: ByteReader, say: (bytes: Uint8Array) => void, login: Login): Promise<boolean> => {
  const head = await reader.take(2)
  if (head?.[0] !== PASSWORD_VERSION) return false
  const user = await reader.take(head[1]!)
  const length = await reader.take(1)
  const password = length === undefined ? undefined : await reader.take(length[0]!)
  if (user === undefined || password === undefined) return false
  const known = login.isRight(user, password)
  say(Uint8Array.of(PASSWORD_VERSION, known ? 0 : 1))
  return known
}
