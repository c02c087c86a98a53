import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNode, type ZtNode } from '../../index.node.ts'
import { udpLink } from '../../node.ts'
import type { Call } from '../command.ts'
import { openService, type Service } from '../control/service.ts'
import { CommandFailure, misuse } from '../failure.ts'
import { readPlanet } from '../file.ts'
import { attachedNode } from '../service/attached-node.ts'
import type { DoctorOptions } from './doctor.ts'
import type { Evidence } from './evidence.ts'
import { examine } from './examine.ts'
import { askNameServers, knock } from './host-probes.ts'
import { lookAtService } from './look-at-service.ts'
import type { Probes } from './probes.ts'
import { askTimeServer } from './time-server.ts'

/** Looks at the node of the service, if one runs, else at one that is started for it. */
export const evidenceOf = async (
  call: Call<DoctorOptions>,
  networks: readonly string[],
  host: string | undefined,
): Promise<Evidence> => {
  const { options, io, out } = call
  const { home, ephemeral = false, planet, udpPort = PORT, udpAddress, timeServer } = options
  const signal = io.interrupted()
  const wanted = { networks, host, signal, progress: (text: string) => out.progress(text) }
  // an examination makes nothing: an identity that is not there yet is one of this run
  const isNew = ephemeral || !(await isThere(join(home, 'identity.secret')))
  const kept = join(home, 'planet')
  const world = planet ?? (isNew && !ephemeral && (await isThere(kept)) ? kept : undefined)
  const roots = world === undefined ? undefined : await readPlanet(world)
  const probes: Probes = {
    start: (anyPort) =>
      createNode({
        ...(isNew ? {} : { store: home }),
        ...(roots === undefined ? {} : { planet: roots }),
        link: udpLink({ port: anyPort ? 0 : udpPort, ...(udpAddress === undefined ? {} : { address: udpAddress }) }),
        signal,
      }),
    knock,
    elsewhere: askNameServers,
    clocks: async () => (timeServer === undefined ? [] : [await askTimeServer(timeServer)]),
  }
  const service = ephemeral ? undefined : await runningService(call)
  if (service === undefined) {
    if (isNew && !ephemeral) out.note(`${home} has no identity: this looks at a new node, of which nothing is kept`)
    return examine(probes, wanted)
  }
  if (planet !== undefined || options.udpPort !== undefined || udpAddress !== undefined)
    misuse(
      `a service runs on ${home}, and has its planet and ports already`,
      'leave those options out, or add --ephemeral',
    )
  const node = await usableNode(home, io.version(), signal)
  if (host !== undefined && node === undefined)
    out.note(`${host} is not looked at: the service on ${home} is native, and lends nobody its sockets`)
  try {
    return await lookAtService(service, node, probes, wanted)
  } finally {
    await node?.close()
    await service[Symbol.asyncDispose]()
  }
}

/** The service on the home directory. That none runs there is no failure; that one refuses the token is. */
const runningService = async (call: Call<DoctorOptions>): Promise<Service | undefined> => {
  const { planet, udpPort, udpAddress, port, token, ...rest } = call.options
  const reach = { ...rest, ...(port === undefined ? {} : { port }), ...(token === undefined ? {} : { token }) }
  try {
    const service = await openService({ ...call, options: reach })
    await service.get('/status')
    return service
  } catch (error) {
    const isAbsent = error instanceof CommandFailure && /^no service /.test(error.message)
    if (isAbsent && port === undefined) return undefined
    throw error
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Its node where it lends its sockets: native services do not. */
const usableNode = async (home: string, version: string, signal: AbortSignal): Promise<ZtNode | undefined> => {
  const token = await readFile(join(home, 'authtoken.secret'), 'utf8').catch(() => undefined)
  return token === undefined ? undefined : attachedNode(home, token.trim(), version, signal)
}

/** Where `rxzt up` is, unless told otherwise. */
const PORT = 9993
