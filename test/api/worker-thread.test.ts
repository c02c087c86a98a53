import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
beforeAll(() => {
  if (!existsSync(`${root}/dist/worker.js`)) throw new Error('dist is missing — run npm run build first')
})

/** A whole program, because it has to end by itself. */
const program = `
import { createSocket } from 'node:dgram'
import { createNode, parseIdentity } from 'rxzt'
import { createController, createPlanet, createRoot, createSigningKey } from 'rxzt/controller'
import { udpLink, workerNode } from 'rxzt/node'
import { fixtures } from 'rxzt/testing'

const probe = createSocket('udp4')
await new Promise((resolve) => probe.bind(0, '127.0.0.1', resolve))
const { port } = probe.address()
await new Promise((resolve) => probe.close(resolve))
const [identity, other] = fixtures.identities
const planet = createPlanet({ id: 7n, timestamp: 1n, signingKey: createSigningKey(),
  roots: [{ identity: parseIdentity(identity).public, endpoints: [{ address: '127.0.0.1', port }] }] })
const udp = { address: '127.0.0.1', secondary: false }
const root = await createRoot({ identity, planet, link: udpLink({ ...udp, port }) })
const here = await createNode({ identity: other, planet, link: udpLink(udp) })
const controller = createController(here)
const hosted = await controller.create({ private: false, v4AssignMode: { zt: true },
  ipAssignmentPools: [{ ipRangeStart: '10.1.0.1', ipRangeEnd: '10.1.0.9' }], routes: [{ target: '10.1.0.0/24' }] })
const a = await here.join(hosted.id)
const server = await a.listen({ port: 7 })
server.connections$.subscribe(async (socket) => {
  for await (const chunk of socket) await socket.write(chunk)
  await socket.end()
})

const node = await workerNode({ planet, udp })
const network = await node.join(hosted.id, { timeout: 30_000 })
const socket = await network.connect({ host: a.address(4), port: 7 })
const sent = new Uint8Array(1 << 20).map((_, i) => i * 31 + (i >> 8))
const chunks = []
const reading = (async () => { for await (const chunk of socket) chunks.push(chunk) })()
await socket.write(sent)
await socket.end()
await reading
const equal = Buffer.compare(Buffer.concat(chunks), sent) === 0
const { name, code } = await workerNode({ udp: { address: '192.0.2.1', port: 9 } }).catch((error) => error)
const uncloneable = await workerNode({ planet, trustedPaths: [], moons: [], paths: {}, udp: { ...udp, extra: Symbol('x') } })
  .catch((error) => error.code)
await node.close()
await here.close()
await root.close()
const handles = process.getActiveResourcesInfo().filter((kind) => /UDP|Worker|MessagePort|Timeout|Immediate/.test(kind))
console.log(JSON.stringify({ peer: socket.peer === here.id, status: network.state.status, equal, name, code, uncloneable, handles }))
`

it('a node on a real thread carries bytes, says why another cannot start, and leaves nothing behind', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    timeout: 55_000,
  })
  expect(JSON.parse(stdout)).toEqual({
    peer: true,
    status: 'down',
    equal: true,
    name: 'NodeError',
    code: 'ERR_ZT_BIND',
    uncloneable: 'ERR_ZT_INVALID_OPTION',
    handles: [],
  })
})
