import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import type { Kept } from './flat-memory.ts'
import type { Leftovers } from './lifecycle.ts'
import type { Outcome } from './slow-consumer.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a scenario says that runs in a plain Node of its own, as one file, and ends by itself. */
const play = async <T>(name: string, size: number, ...flags: readonly string[]): Promise<T> => {
  const outfile = `${root}node_modules/.cache/rxzt/${name}.mjs`
  await build({
    ...{ entryPoints: [`${root}test/scenarios/${name}.ts`], outfile, absWorkingDir: root },
    ...{ bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'error' },
  })
  const args = ['--expose-gc', ...flags, outfile, `${size}`]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
  return JSON.parse(stdout) as T
}

/** The same, larger, by hand: `RXZT_SCENARIOS=full npx vitest run test/scenarios`. */
const full = process.env['RXZT_SCENARIOS'] === 'full'
const bytes = full ? 1 << 30 : 8 << 20
const rounds = full ? 100 : 16

describe('scenarios', () => {
  it('a slow consumer holds the sender up, costs no memory, and gets every byte', { timeout: 3_600_000 }, async () => {
    const { sent, received, intact, whileAsleep, memory } = await play<Outcome>('slow-consumer', bytes)
    expect([sent, received, intact]).toEqual([bytes, bytes, true])
    expect(whileAsleep).toBeLessThan(MOST_IN_BUFFERS)
    expect(memory).toBeLessThan(MOST_MEMORY)
  })

  it('nodes that are aborted at any moment leave nothing behind', { timeout: 3_600_000 }, async () => {
    const left = await play<Leftovers>('lifecycle', rounds)
    expect(left).toMatchObject({ rounds, untyped: [], listeners: 0, alive: 0 })
    expect(left.after).toEqual(left.before)
    expect(left.connected).toBeGreaterThan(rounds / 4)
    expect(left.connected).toBeLessThan(rounds)
    expect(left.kibPerRound).toBeLessThan(MOST_KEPT)
  })

  it('memory stays flat however many nodes come and go, and a leak of a KiB each would show', {
    timeout: 3_600_000,
  }, async () => {
    const kept = await play<Kept>('flat-memory', full ? 60 : 10, '--no-opt', '--no-maglev', '--no-sparkplug')
    expect(kept.untyped).toEqual([])
    expect(kept.connected).toBeGreaterThan(kept.rounds / 5)
    expect(kept.connected).toBeLessThan(kept.rounds)
    expect(kept.bytesPerRound).toBeLessThan(1024)
    expect(kept.bytesWithLeak).toBeGreaterThan(1024)
  })
})

/** Bytes: the send and the receive buffer at their largest. */
const MOST_IN_BUFFERS = 10 << 20
/** MiB. */
const MOST_MEMORY = 200
/** KiB a round: what the others remember of them, in tables of bounded size, and compiled code. */
const MOST_KEPT = 200
