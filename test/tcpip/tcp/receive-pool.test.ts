import { describe, expect, it } from 'vitest'
import { receivePool } from '../../../src/tcpip/tcp/receive-pool.ts'
import { script } from './script.ts'

/** Memory for what arrived, shared by all connections of a stack. Here it is 4000 bytes. */
const tight = () => {
  const pool = receivePool(4000)
  const t = script(4, undefined, pool)
  t.established()
  return { pool, t }
}
const winOf = (t: ReturnType<typeof script>): number => Number(t.sent().at(-1)!.fields.get('win'))

describe('the memory for received bytes', () => {
  it('is counted from arrival until the reader takes them, behind holes too', () => {
    const { pool, t } = tight()
    t.peer('A 1+1000 ack=1', 'A 1501+500 ack=1')
    expect(pool.used).toBe(1500)
    t.consume(300)
    expect(pool.used).toBe(1200)
    t.peer('A 1001+700 ack=1')
    expect(pool.used).toBe(1700)
    t.consume(1700)
    expect(pool.used).toBe(0)
  })

  it('is given back when the connection ends', () => {
    const { pool, t } = tight()
    t.peer('A 1+1000 ack=1', 'A 1501+500 ack=1')
    t.peer('R 1001')
    t.hears('Data 1000', 'Failed ECONNRESET')
    expect(pool.used).toBe(0)
  })

  it('makes no window grow while it is tight, and all of them once it is not', () => {
    const { pool, t } = tight()
    t.peer('A 1+1000 ack=1')
    const before = winOf(t)
    pool.used += 3000
    t.consume(1000)
    t.peer('A 1001+1000 ack=1')
    expect(winOf(t)).toBe(before - Math.floor(1000 / 128))
    for (const at of [2001, 3001]) {
      t.consume(1000)
      t.silent()
      t.peer(`A ${at}+1000 ack=1`)
      t.sent()
    }
    pool.used -= 3000
    t.configure({})
    expect(winOf(t)).toBe(before)
  })

  it('when it is full drops what is furthest ahead, and reports it no longer', () => {
    const { pool, t } = tight()
    t.peer('A 1001+1000 ack=1', 'A 5001+1000 ack=1', 'A 3001+1000 ack=1')
    t.sent()
    pool.used += 1000
    // further than all that is kept: not kept
    t.peer('A 7001+1000 ack=1')
    t.sees('A 1 ack=1 sack=3001-4001,5001-6001,1001-2001')
    // not as far: takes the place of what is furthest
    t.peer('A 2501+500 ack=1')
    t.sees('A 1 ack=1 sack=2501-4001,1001-2001')
    pool.used -= 1000
    expect(pool.used).toBe(2500)
    t.peer('A 1+1000 ack=1')
    t.sees('A 1 ack=2001 sack=2501-4001')
    t.peer('A 2001+500 ack=1')
    t.consume(4000)
    t.peer('A 5001+1000 ack=1', 'A 4001+1000 ack=1')
    expect(t.heard().join(' ')).toBe('Data 1000 Data 1000 Data 500 Data 500 Data 1000 Data 1000 Data 1000')
    expect(t.drops()).toEqual(['tcp-window'])
  })

  it('when it is full takes of each connection what its reader waits for, and no more', () => {
    const { pool, t } = tight()
    pool.used += 4000
    t.peer('A 1+1000 ack=1')
    t.hears('Data 1000')
    t.peer('A 1001+1000 ack=1')
    t.hears()
    expect(t.drops()).toEqual(['tcp-window'])
    t.consume(1000)
    t.peer('A 1001+1000 ack=1')
    t.hears('Data 1000')
  })
})
