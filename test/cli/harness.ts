import { PassThrough } from 'node:stream'
import { run } from '../../src/cli/run.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command line run in this process. */
export interface Running {
  readonly stdin: PassThrough
  /** What it printed so far. */
  readonly printed: () => { readonly stdout: string; readonly stderr: string }
  /** Resolves when `stdout` or `stderr` contains a text, or when the command has ended. */
  readonly until: (text: string) => Promise<void>
  /** SIGINT. */
  readonly interrupt: () => void
  readonly ended: Promise<Ran>
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly terminal?: boolean
}

export const start = (argv: readonly string[], { env = {}, terminal = false }: Surroundings = {}): Running => {
  const heard = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  const look = (): void => {
    for (const one of waiting) one()
  }
  const screen = (name: 'stdout' | 'stderr') => {
    const stream = Object.assign(new PassThrough(), { isTTY: terminal, columns: 100 })
    stream.on('data', (data: Buffer) => {
      heard[name] += data.toString()
      look()
    })
    return stream
  }
  const stdin = new PassThrough()
  const interrupting = new AbortController()
  const io = {
    stdin,
    stdout: screen('stdout'),
    stderr: screen('stderr'),
    env: { HOME: '/nonexistent', ...env },
    version: () => '0.0.0-test',
    interrupted: () => interrupting.signal,
  }
  let over = false
  const ended = run(argv, io).then(async (code) => {
    await new Promise(setImmediate)
    over = true
    look()
    return { code, ...heard }
  })
  return {
    stdin,
    printed: () => ({ ...heard }),
    until: (text) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!over && !heard.stdout.includes(text) && !heard.stderr.includes(text)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    interrupt: () => interrupting.abort(new Error('interrupted by SIGINT')),
    ended,
  }
}

export const rxzt = (argv: readonly string[], surroundings?: Surroundings): Promise<Ran> =>
  start(argv, surroundings).ended
