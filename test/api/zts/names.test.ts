import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { createZts, zts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { portablePlatform } from '../../../src/api/platform-portable.ts'
import { Instance } from '../../../src/api/zts/instance.ts'
import { socketFunctions } from '../../../src/api/zts/socket/functions.ts'
import { staged } from './staged.ts'

interface Declared<A> {
  readonly current: A
  readonly older: A
}
const headers = JSON.parse(readFileSync(new URL('headers.json', import.meta.url), 'utf8')) as {
  readonly functions: Declared<readonly string[]>
  readonly constants: Declared<Readonly<Record<string, number>>>
}
const members: Readonly<Record<string, unknown>> = { ...zts }

describe('the names of the headers', () => {
  it('are 155 in the current one, and 82 more in older ones', () => {
    expect(new Set(headers.functions.current).size).toBe(155)
    expect(new Set(headers.functions.older).size).toBe(82)
    expect(headers.functions.older.filter((name) => headers.functions.current.includes(name))).toEqual([])
  })

  for (const which of ['current', 'older'] as const) {
    it(`are all functions here: ${which}`, () => {
      const missing = headers.functions[which].filter((name) => typeof members[`zts_${name}`] !== 'function')
      expect(missing).toEqual([])
    })
    it(`are constants with the value that C gives them: ${which}`, () => {
      const found = Object.fromEntries(Object.keys(headers.constants[which]).map((name) => [name, members[name]]))
      expect(found).toEqual(headers.constants[which])
    })
  }

  it('are the only ones, but for those that are ours', () => {
    const known = [headers.functions.current, headers.functions.older].flat().map((name) => `zts_${name}`)
    const constants = Object.values(headers.constants).flatMap((of) => Object.keys(of))
    const ours = Object.keys(members).filter((name) => ![...known, ...constants].includes(name))
    expect(ours.sort()).toEqual([
      'ZTS_CENRTAL_MAX_URL_LEN', // a constant of one header, spelled so there
      'ZTS_CENTRAL_DEFAULT_URL', // text
      'ZTS_SOCK_NONBLOCK', // for zts_accept4; of the platform in C
      'errno',
      'error',
      'zts_errno', // a variable in C
      'zts_get_recv_timeout_us', // what the getters in whole seconds leave out
      'zts_get_send_timeout_us',
      'zts_set_peer_caching', // of a README, in no header
    ])
  })

  it('are all there in every instance, which shares no state with others', () => {
    const [one, other] = [createZts(), createZts()]
    expect(Object.keys(one)).toEqual(Object.keys(zts))
    one.errno = one.ZTS_EBADF
    expect([one.zts_errno, other.errno, zts.errno]).toEqual([9, 0, 0])
  })
})

describe('the calls that are about no socket', () => {
  const lives = /_(start|start_with_identity|stop|free|restart)$/
  const slow = /_(id_new|generate_orphan_identity|util_delay|delay_ms)$/
  const sockets = new Set(Object.keys(socketFunctions(new Instance({ platform: portablePlatform }, {}))))
  const names = Object.keys(members).filter(
    (name) => typeof members[name] === 'function' && !sockets.has(name) && !lives.test(name) && !slow.test(name),
  )
  const id = fc.oneof(fc.bigInt(), fc.constantFrom(0n, 1n, 0x8056c2e21c000001n, 1n << 64n))
  const ip = fc.constantFrom('10.0.0.1', '::1', 'fd00::1', '10.0.0', '')
  const thing = fc.constantFrom<unknown>(null, undefined, {}, [], () => undefined, Symbol('s'), Number.NaN)
  const argument = fc.oneof(id, ip, thing, fc.integer(), fc.boolean(), fc.string(), fc.uint8Array(), fc.object())

  it('answer any arguments with a result, and throw nothing, before the start and after', async () => {
    await using stage = await staged(60)
    const [idle, started] = [createZts(), await stage.joined()]
    const call = fc.tuple(fc.constantFrom(...names), fc.array(argument, { maxLength: 5 }))
    await fc.assert(
      fc.asyncProperty(call, async ([name, args]) => {
        for (const instance of [idle, started]) {
          const called = (instance as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!
          const given: unknown = await called(...args)
          if (typeof given === 'number') expect(given).toBeGreaterThanOrEqual(-5)
          // but for what gives nothing in C, too
          else expect(given !== undefined || /cleanup|clear_resp/.test(name)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
