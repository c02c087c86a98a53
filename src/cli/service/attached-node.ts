import { connect, type Socket } from 'node:net'
import { startRemote } from '../../api/worker/start-remote.ts'
import { NodeError, type ZtNode } from '../../index.node.ts'
import { systemClock } from '../../streams/io/clock.ts'
import { systemRandom } from '../../streams/io/entropy.ts'
import { fail } from '../failure.ts'
import { isSystemError } from '../file.ts'
import { Channel, channelPath, firstLine, type Hello, type Welcome } from './channel.ts'

/** The node of the service on a home directory; `undefined` if none runs there. */
export const attachedNode = async (
  home: string,
  token: string,
  version: string,
  signal: AbortSignal,
): Promise<ZtNode | undefined> => {
  const socket = await dialled(channelPath(home))
  if (socket === undefined) return undefined
  const hello: Hello = { version, token }
  socket.write(`${JSON.stringify(hello)}\n`)
  const { line, rest } = await firstLine(socket).catch((cause: unknown) => {
    socket.destroy()
    const why = cause instanceof Error ? cause.message : String(cause)
    return fail(`the service on ${home} does not answer: ${why}`, 'start it anew', { cause })
  })
  const welcome: Welcome = JSON.parse(line)
  if (welcome.refused !== undefined) {
    socket.destroy()
    return refusal(welcome.refused, home, welcome.version, version)
  }
  const channel = new Channel(socket, rest)
  const node = startRemote(
    {
      post: (batch) => channel.post(batch),
      listen: (hear) => {
        channel.listen(hear)
        socket.resume()
      },
      whenGone: (then) =>
        channel.whenGone((cause) =>
          then(new NodeError('ERR_ZT_CLOSED', `the service on ${home} has ended — start it anew`, { cause })),
        ),
      hold: (on) => channel.hold(on),
      terminate: () => channel.close(),
    },
    { clock: systemClock(), random: systemRandom(), store: undefined, signal },
  )
  return node
}

/** `undefined` where nobody listens: no socket, or one that a service left when it was killed. */
const dialled = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      socket.on('error', () => undefined)
      resolve(socket)
    })
    socket.once('error', (cause) => {
      if (isSystemError(cause) && NOBODY.has(cause.code)) resolve(undefined)
      else reject(cause)
    })
  }).catch((cause: unknown) => {
    const why = isSystemError(cause) ? cause.code : String(cause)
    return fail(`${path} cannot be opened (${why})`, 'run as the user of the service, or use --ephemeral', { cause })
  }) as Promise<Socket | undefined>

const refusal = (refused: NonNullable<Welcome['refused']>, home: string, theirs: string, ours: string): never => {
  switch (refused) {
    case 'token':
      return fail(
        `the service on ${home} refused the token`,
        'it was started with another authtoken.secret: start it anew',
      )
    case 'version':
      return fail(`the service on ${home} is rxzt ${theirs}, this is ${ours}`, 'start the service anew')
    case 'busy':
      return fail(`the service on ${home} is used by as many commands as it lets in`, 'end some of them')
  }
}

const NOBODY: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'])
