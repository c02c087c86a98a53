import { createSocket } from 'node:dgram'
import { getServers } from 'node:dns'
import { isIPv6 } from 'node:net'
import { encode } from 'dns-packet'
import type { Endpoint } from '../../protocol/datagram.ts'
import { isSystemError } from '../file.ts'
import type { Knocked, Reply } from './evidence.ts'
import { printEndpoint } from './print-endpoint.ts'

/** Sends one datagram on a socket of its own, on which the system tells what became of it. */
export const askByUdp = (
  { address, port }: Endpoint,
  question: Uint8Array,
): Promise<{ readonly reply: Reply; readonly answer?: Uint8Array }> =>
  new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    const finish = (reply: Reply, answer?: Uint8Array): void => {
      clearTimeout(alarm)
      socket.removeAllListeners().on('error', () => undefined)
      socket.close()
      resolve(answer === undefined ? { reply } : { reply, answer })
    }
    const failed = (error: unknown): void => finish(isSystemError(error) ? (REPLIES[error.code] ?? 'silent') : 'silent')
    const alarm = setTimeout(() => finish('silent'), PATIENCE)
    socket.on('error', failed)
    socket.on('message', (answer) => finish('answered', answer))
    socket.on('connect', () => socket.send(question, (error) => error !== null && failed(error)))
    socket.connect(port, address)
  })

/** A datagram too short for anything: no node answers it, and no node minds. */
export const knock = async (at: Endpoint): Promise<Reply> => (await askByUdp(at, Uint8Array.of(0))).reply

/** The name servers of this machine are asked for the roots of DNS. Those on the machine itself prove nothing. */
export const askNameServers = (): Promise<readonly Knocked[]> => {
  const places = getServers().flatMap((text): Endpoint[] => {
    const [, address = text, port = '53'] = /^\[?([^\]]+)\]?:(\d+)$/.exec(isIPv6(text) ? '' : text) ?? []
    return /^127\.|^::1$/.test(address) ? [] : [{ address, port: Number(port) }]
  })
  const query = encode({ type: 'query', id: 1, flags: RECURSION_DESIRED, questions: [{ type: 'NS', name: '.' }] })
  return Promise.all(
    places.slice(0, MOST_SERVERS).map(async (place): Promise<Knocked> => {
      const { reply } = await askByUdp(place, query)
      return { at: 'elsewhere', place: `name server ${printEndpoint(place)}`, reply }
    }),
  )
}

const REPLIES: Readonly<Record<string, Reply>> = {
  ECONNREFUSED: 'refused',
  EPERM: 'forbidden',
  EACCES: 'forbidden',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EINVAL: 'unreachable',
}
const PATIENCE = 2_000
const MOST_SERVERS = 3
const RECURSION_DESIRED = 1 << 8
