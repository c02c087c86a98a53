import { readFileSync } from 'node:fs'
import { createZts, zts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'

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
