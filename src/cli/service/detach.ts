import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { directoryStore } from '../../streams/io/directory-store.ts'
import type { Call } from '../command.ts'
import { fail, failureOf } from '../failure.ts'
import type { ServiceOptions } from './service-options.ts'

/** Starts the same command line in the background, and waits until its node runs or has failed. */
export const detached = async (call: Call<ServiceOptions>): Promise<number | undefined> => {
  const { io, out, options } = call
  const { home } = options
  // whether the home can be used is said here, where somebody reads it
  const store = directoryStore(home)
  await store.open?.()
  await store.close?.()
  const path = join(home, 'rxzt.log')
  const log = await open(path, 'a', 0o600).catch((cause: unknown) => {
    throw failureOf(cause)
  })
  const before = (await log.stat()).size
  const args = process.argv.slice(1).filter((word) => word !== '--detach')
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    detached: true,
    env: io.env,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  })
  const code = await new Promise<number | 'ready'>((resolve, reject) => {
    child.once('message', () => resolve('ready'))
    child.once('exit', (code) => resolve(code ?? 1))
    child.once('error', reject)
  })
  await log.close()
  if (code === 'ready') {
    child.disconnect()
    child.unref()
    out.result({ pid: child.pid, log: path }, `running as process ${child.pid}; it prints to ${path}`)
    return undefined
  }
  const said = (await readFile(path)).subarray(before).toString().trimEnd()
  if (said === '') return fail(`the service ended with ${code}`, `see ${path}`)
  // it has said both lines already
  out.note(said)
  return code
}
