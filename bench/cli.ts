/** How long the program takes from its start to its end, as somebody at a terminal waits for it. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateIdentity } from 'rxzt'
import { createPlanet, createSigningKey } from 'rxzt/controller'

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

/**
 * What the shell tells Node to do before it runs anything is not the program's: to read a machine's certificates takes
 * Node 20 90 ms, where it takes later ones nothing until they are needed.
 */
const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env

/** ms of one run of a program of Node; fails if the program does. */
const timed = (...args: readonly string[]): number => {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${status} ${stderr}`)
  return performance.now() - began
}

/** Node alone: what no program of it can be faster than. */
export const nodeAlone = (): number => timed('-e', '0')
export const version = (): number => timed(program, '--version')

/** `rxzt info` of a service whose only root is nowhere. */
export const withService = async <T>(use: (info: () => number) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'rxzt-bench-'))
  const planet = join(folder, 'planet')
  const endpoints = [{ address: '127.0.0.1', port: 9 }]
  const roots = [{ identity: (await generateIdentity()).public, endpoints }]
  const signingKey = createSigningKey()
  writeFileSync(planet, createPlanet({ id: 1n, timestamp: 1n, roots, signingKey }))
  const args = ['up', '--ephemeral', '--port', '0', '--udp-address', '127.0.0.1', '--planet', planet, '--json']
  const service = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const { port, token } = await new Promise<{ readonly port: number; readonly token: string }>((resolve, reject) => {
      let heard = ''
      service.stdout.on('data', (data: Buffer) => {
        heard += data.toString()
        const line = heard.split('\n').find((one) => one.includes('"event":"service"') && one.endsWith('}'))
        if (line !== undefined) resolve(JSON.parse(line))
      })
      service.once('exit', (code) => reject(new Error(`the service ended with ${code}`)))
    })
    return await use(() => timed(program, 'info', '-p', String(port), '-T', token))
  } finally {
    service.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
