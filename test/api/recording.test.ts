import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError, parseIdentity } from 'rxzt'
import { fixtures, type Play, readRecording, record, replay, type Scenario } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import * as portable from '../../src/testing.ts'
import { failing } from './recording-scenario.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const quiet: Scenario = async (net) => {
  await net.root()
  const node = await net.node()
  await net.until(node.online())
}

/** The weather of some seeds is too bad for what the scenario expects. */
const firstFailure = async (): Promise<Play> => {
  for (let seed = 1; ; seed++) {
    const play = await record(failing, { seed })
    if (play.failure !== undefined) return play
  }
}

describe('a recorded failure', () => {
  const recorded = firstFailure()

  it('says what failed, and has every datagram', async () => {
    const { seed, failure, error, datagrams, file } = await recorded
    expect(failure).toMatch(/^Bob heard [0-4] of 5$/)
    expect(error).toBeInstanceOf(Error)
    expect(datagrams.length).toBeGreaterThan(50)
    const read = readRecording(file)
    expect(read).toMatchObject({ seed, proven: [], failure })
    expect(read.datagrams).toHaveLength(datagrams.length)
    expect(read.datagrams.map(({ from, to, data }) => ({ from, to, data }))).toEqual(
      datagrams.map(({ from, to, data }) => ({ from, to, data: new Uint8Array(data) })),
    )
    for (const [i, { at }] of read.datagrams.entries()) expect(at).toBeCloseTo(datagrams[i]!.at, 2)
  })

  it('happens again, byte for byte, from its file', async () => {
    const { file, failure } = await recorded
    const again = await replay(file, failing)
    expect(again.failure).toBe(failure)
    expect(Buffer.from(again.file).equals(Buffer.from(file))).toBe(true)
  })

  it('happens again where there is neither OpenSSL nor WebAssembly: as in a browser', async () => {
    const { file, failure } = await recorded
    const again = await portable.replay(file, failing)
    expect(again.failure).toBe(failure)
    expect(Buffer.from(again.file).equals(Buffer.from(file))).toBe(true)
  })

  it('happens again in another process', async () => {
    const { file, failure } = await recorded
    const folder = mkdtempSync(join(tmpdir(), 'rxzt-recording-'))
    try {
      writeFileSync(join(folder, 'bug.pcapng'), file)
      const out = execFileSync(
        process.execPath,
        ['--import', 'tsx', 'test/api/recording-scenario.ts', join(folder, 'bug.pcapng')],
        { cwd: root, encoding: 'utf8', timeout: 60_000 },
      )
      expect(out.trim()).toBe(failure)
      expect(readFileSync(join(folder, 'bug.pcapng.again')).equals(Buffer.from(file))).toBe(true)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is told where the wire goes another way', async () => {
    const recording = await recorded
    const other: Scenario = async (net) => {
      await net.root()
      await net.advance(1)
      await failing(net)
    }
    await expect(replay(recording, other)).rejects.toThrow(
      /^the wire is not as recorded — datagram \d+ of \d+ was \d+ bytes from 100\.64\.[\d.]+ 9993 to .* after [\d.]+ ms, is /,
    )
    await expect(replay({ ...recording, seed: recording.seed + 1 }, failing)).rejects.toThrow(/first at byte \d+/)
    const shorter = { ...recording, datagrams: recording.datagrams.slice(0, -1) }
    await expect(replay(shorter, failing)).rejects.toThrow(/ was none, is \d+ bytes/)
  })
})

describe('a recording', () => {
  it('of what did not fail has no failure, and the same bytes each time', async () => {
    const [first, second] = [await record(quiet), await record(quiet)]
    expect([first.seed, first.failure, first.error]).toEqual([1, undefined, undefined])
    expect(Buffer.from(first.file).equals(Buffer.from(second.file))).toBe(true)
    expect((await replay(first.file, quiet)).failure).toBeUndefined()
  })

  it('keeps no secrets of the identities that count as proven', async () => {
    const secret = fixtures.identities[12]!
    const { file, proven } = await record(quiet, { proven: [secret] })
    expect(proven).toEqual([parseIdentity(secret).public])
    expect(Buffer.from(file).includes(secret.split(':')[3]!)).toBe(false)
  })

  it.each([new Uint8Array(), new Uint8Array(200), 'bug.pcapng'])('is nothing else: %#', (file) => {
    expect(() => readRecording(file as never)).toThrow(ArgumentError)
  })
})
