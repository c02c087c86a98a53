import { describe, expect, it, vi } from 'vitest'
import { type Identity, isLocallyValid } from '../../../src/protocol/crypto/identity.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { fastCrypto } from '../../../src/streams/io/crypto-fast.ts'
import { hashThread, IdentityWorkError } from '../../../src/streams/io/hash-thread.ts'
import { identityWorker } from '../../../src/streams/io/identity-worker.ts'
import { hex, unhex } from '../../support/checker.ts'

const known: Identity = {
  address: address(0x8e4df28b72),
  publicKey: unhex(
    'ac3d46abe0c21f3cfe7a6c8d6a85cfcffcb82fbd55af6a4d6350657c68200843fa2e16f9418bbd9702cae365f2af5fb4c420908b803a681d4daef6114d78a2d7',
  ),
}
const expected = hex(fastCrypto.identityHash(known.publicKey))
const options = { sha512: fastCrypto.sha512, idle: 10_000, most: 3 }

describe('the identity worker', () => {
  it('makes valid identities and tells valid from invalid', async () => {
    const worker = identityWorker({ crypto: fastCrypto, random: seededRandom(11) })
    const [made, yes, no] = await Promise.all([
      worker.generate(),
      worker.validate(known),
      worker.validate({ ...known, address: address(5) }),
    ])
    expect([isLocallyValid(fastCrypto, made), yes, no]).toEqual([true, true, false])
    await worker.close()
  })
  it('stops a search when told to', async () => {
    const worker = identityWorker({ crypto: fastCrypto, random: seededRandom(1) })
    const stop = new AbortController()
    const search = worker.generate(stop.signal)
    stop.abort(new Error('enough'))
    await expect(search).rejects.toThrow('enough')
    await expect(worker.generate(stop.signal)).rejects.toThrow('enough')
    expect(await worker.validate(known)).toBe(true)
    await worker.close()
  })
})

describe('the hash thread', () => {
  it('refuses more than it may queue, and still does what it took', async () => {
    const thread = hashThread(options)
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => thread.hash(known.publicKey)))
    // one is being computed, three wait
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, true, false, false])
    expect((results[5] as PromiseRejectedResult).reason).toBeInstanceOf(IdentityWorkError)
    await thread.close()
  })
  it('forgets a waiting hash that nobody wants any more', async () => {
    const thread = hashThread(options)
    const first = thread.hash(known.publicKey)
    const stop = new AbortController()
    const unwanted = Array.from({ length: 3 }, () => thread.hash(known.publicKey, stop.signal))
    stop.abort()
    for (const one of unwanted) await expect(one).rejects.toThrow()
    expect(hex(await thread.hash(known.publicKey))).toBe(expected)
    expect(hex(await first)).toBe(expected)
    await thread.close()
  })
  it('works on the main thread where a thread cannot start', async () => {
    for (const program of ['throw new Error("no threads today")', 'process.exit(3)', 'syntax error']) {
      const thread = hashThread({ ...options, program })
      expect(hex(await thread.hash(known.publicKey))).toBe(expected)
      await thread.close()
    }
  })
  it('says why a thread died that had worked before, and starts another', async () => {
    const once = `
      const { parentPort } = require('node:worker_threads')
      let first = true
      parentPort.on('message', ({ digest }) => {
        if (!first) throw new Error('worn out')
        first = false
        parentPort.postMessage(digest)
      })`
    const thread = hashThread({ ...options, program: once })
    const [a, b, c] = await Promise.allSettled([1, 2, 3].map(() => thread.hash(known.publicKey)))
    expect([a!.status, b!.status, c!.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(String((b as PromiseRejectedResult).reason)).toContain('worn out')
    await thread.close()
  })
  it('fails what waits when it is closed, and everything after', async () => {
    const thread = hashThread(options)
    const waiting = [thread.hash(known.publicKey), thread.hash(known.publicKey)]
    const closing = thread.close()
    for (const one of waiting) await expect(one).rejects.toBeInstanceOf(IdentityWorkError)
    await closing
    await expect(thread.hash(known.publicKey)).rejects.toBeInstanceOf(IdentityWorkError)
  })
  it('ends when idle and starts again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const counting = `
      const { parentPort } = require('node:worker_threads')
      let count = 0
      parentPort.on('message', () => parentPort.postMessage(Uint8Array.of(++count)))`
    const thread = hashThread({ ...options, program: counting })
    const counts = async () => [await thread.hash(known.publicKey), await thread.hash(known.publicKey)].map(hex)
    expect(await counts()).toEqual(['01', '02'])
    vi.advanceTimersByTime(options.idle - 1)
    expect(await counts()).toEqual(['03', '04'])
    vi.advanceTimersByTime(options.idle)
    expect(await counts()).toEqual(['01', '02'])
    await thread.close()
    vi.useRealTimers()
  })
})
