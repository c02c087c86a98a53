import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, root } from './blocks.ts'

const files = blocksOf('docs/tutorial.md').filter(({ name }) => name !== undefined)
let folder = ''
const running: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(root, 'test/docs/block-'))
  const probe = createSocket('udp4').bind(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  for (const { name, code } of files) writeFileSync(join(folder, name!), code.replace('29993', `${port}`))
})
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** Starts a file of the tutorial and waits until it has said `word`, or ended. */
const run = async (word: string, file: string, ...args: readonly string[]): Promise<string> => {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: folder,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let said = ''
  return new Promise((resolve, reject) => {
    const hear = (bytes: Buffer): void => {
      said += bytes.toString()
      if (said.includes(word)) resolve(said)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', reject)
    child.on('close', (code) => reject(new Error(`${file} ended with ${code} and said: ${said}`)))
  })
}

it('the tutorial, step by step, ends with a page over a network of its own', { timeout: 300_000 }, async () => {
  expect(files.map(({ name }) => name)).toEqual([
    ...['place.ts', 'planet.ts', 'root.ts', 'controller.ts', 'server.ts', 'client.ts'],
  ])
  expect(await run('planet with', 'planet.ts')).toMatch(/planet with root [\da-f]{10}/)
  expect(await run('is up', 'root.ts')).toMatch(/root [\da-f]{10} is up/)
  expect(await run('network ', 'controller.ts')).toMatch(/network [\da-f]{16}/)
  const [, address] = /http:\/\/(10\.20\.0\.\d+)\//.exec(await run('/\n', 'server.ts'))!
  expect(await run('hello', 'client.ts', address!)).toMatch(/hello 10\.20\.0\.\d+/)
})
