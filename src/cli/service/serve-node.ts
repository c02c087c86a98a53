import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createController } from '../../controller.node.ts'
import { createNode, type Link, type ZtNode } from '../../index.node.ts'
import { serveLocalApi, udpLink } from '../../node.ts'
import type { Call } from '../command.ts'
import { fail } from '../failure.ts'
import { readPlanet } from '../file.ts'
import { roomyHeap } from '../roomy-heap.ts'
import { Log } from './log.ts'
import type { ServiceOptions } from './service-options.ts'
import { Sockets } from './socket-server.ts'
import type { UpOptions } from './up.ts'

/** Runs a node with its API and its controller until the process is told to end. */
export const serve = async (call: Call<UpOptions>): Promise<undefined> => {
  const { home, planet, ephemeral = false, moon = [], join } = call.options
  const roots = planet === undefined ? undefined : await readPlanet(planet)
  const start = (link: Link): Promise<ZtNode> =>
    createNode({
      link,
      ...(ephemeral ? {} : { store: home }),
      ...(roots === undefined ? {} : { planet: roots }),
      ...(moon.length === 0 ? {} : { moons: moon }),
    })
  return runService(call, start, ephemeral ? undefined : home, join ?? [])
}

export const runService = async (
  call: Call<ServiceOptions>,
  start: (link: Link) => Promise<ZtNode>,
  home: string | undefined,
  networks: readonly string[],
): Promise<undefined> => {
  const { options, io } = call
  const { port = 9993, udpAddress, verbose } = options
  const log = new Log(call, options.logLevel ?? (verbose ? 'debug' : 'info'))
  const interrupted = io.interrupted()
  ignoreHangUp()
  roomyHeap()
  const node = await start(udpLink({ port, ...(udpAddress === undefined ? {} : { address: udpAddress }) }))
  node.events$.subscribe((event) => log.event(event))
  node.trace$.subscribe((record) => log.record(record))
  const pid = home === undefined ? undefined : join(home, PID)
  try {
    const controller = createController(node)
    const api = await serveLocalApi(node, {
      controller,
      ...(options.apiPort === undefined ? {} : { port: options.apiPort }),
      ...(home === undefined ? {} : { home }),
    })
    const sockets = home === undefined ? undefined : await Sockets.open(node, home, api.token, io.version())
    const where = home === undefined ? `token ${api.token}` : `home ${home}`
    log.say('info', Date.now(), 'service', `API on 127.0.0.1:${api.port}, ${where}`, {
      event: 'service',
      port: api.port,
      ...(home === undefined ? { token: api.token } : { home }),
    })
    if (pid !== undefined) await writeFile(pid, `${process.pid}\n`)
    for (const nwid of networks) await node.join(nwid, { wait: 'none' })
    process.send?.({ ready: true })
    try {
      await ended(node, interrupted)
    } finally {
      await sockets?.close()
    }
  } finally {
    await node.close()
    if (pid !== undefined) await rm(pid, { force: true })
  }
  return undefined
}

/** Resolves when the process shall end, and fails with what ended the node otherwise. */
const ended = (node: ZtNode, interrupted: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (interrupted.aborted) resolve()
    else interrupted.addEventListener('abort', () => resolve(), { once: true })
    node.closed.then(() => fail('the node was closed', 'see what it printed'), reject).catch(reject)
  })

/** The terminal it was started from may go. */
const ignoreHangUp = (): void => {
  if (process.listenerCount('SIGHUP') === 0) process.on('SIGHUP', () => undefined)
}

/** As native services name it. */
const PID = 'zerotier-one.pid'
