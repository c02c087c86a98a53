import fc from 'fast-check'
import { expect, it } from 'vitest'
import { optionsOf } from '../../../src/tcpip/tcp/birth.ts'
import { cubic } from '../../../src/tcpip/tcp/congestion/cubic.ts'
import { type Connection, connection } from '../../../src/tcpip/tcp/connection.ts'
import { receivePool } from '../../../src/tcpip/tcp/receive-pool.ts'
import { TIME_WAIT_MS, timeWaits } from '../../../src/tcpip/tcp/time-wait.ts'
import { ip } from './wire.ts'

const locals = [ip('10.0.0.1'), ip('fd00::1')] as const
const remotes = [ip('10.0.0.2'), ip('fd00::2')] as const

/** A connection of these ends; few keys, so that many of them share a chain. */
const ended = (n: number, family: 0 | 1): Connection => {
  const flow = { local: locals[family], remote: remotes[family], protocol: 6, ttl: 64, tos: 0, cache: undefined }
  const c = connection({
    ...{ id: 1, flow, localPort: 80, remotePort: 1000 + n, key: n % 7, listener: undefined, iss: n, tsOffset: -n },
    ...{ options: optionsOf({}), sendLimit: 0, receiveBuffer: 100, receiveMost: 100 },
    ...{ receivePool: receivePool(), cc: cubic() },
  })
  c.rcv.nxt = 2 * n
  c.rcv.adv = 2 * n + 50
  return c
}

it('finds what is there, forgets in the order of deadlines, and never one for another', () => {
  const place = fc.record({ n: fc.nat(150), family: fc.constantFrom(0 as const, 1 as const) })
  const deed = fc.record({ place, what: fc.constantFrom('add', 'add', 'renew', 'remove', 'wait'), ms: fc.nat(9000) })
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 400 }), (deeds) => {
      const table = timeWaits()
      const model = new Map<string, number>()
      let now = 1000
      const find = (n: number, family: 0 | 1) => table.find(n % 7, locals[family], remotes[family], 80, 1000 + n)
      for (const { place, what, ms } of deeds) {
        const { n, family } = place
        const name = `${family} ${n}`
        const record = find(n, family)
        expect(record !== undefined).toBe(model.has(name))
        if (record !== undefined)
          expect([record.sndNxt, record.rcvNxt, record.window, record.tsOffset]).toEqual([n, 2 * n, 50, -n | 0])
        if (what === 'add' && record === undefined) {
          table.add(ended(n, family), now)
          model.set(name, now + TIME_WAIT_MS)
        } else if (what === 'renew' && record !== undefined) {
          table.renew(record, now)
          model.set(name, now + TIME_WAIT_MS)
        } else if (what === 'remove' && record !== undefined) {
          table.remove(record)
          model.delete(name)
        } else if (what === 'wait') {
          now += ms
          table.expire(now)
          for (const [key, until] of model) if (until <= now) model.delete(key)
        }
        expect(table.size()).toBe(model.size)
        expect(table.deadline()).toBe(Math.min(...model.values()))
      }
    }),
    { numRuns: 60 },
  )
})
