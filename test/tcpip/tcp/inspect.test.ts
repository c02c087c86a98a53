import { describe, expect, it } from 'vitest'
import { script } from './script.ts'

describe('what a connection tells of itself', () => {
  it('B42 without SACK it is CUBIC that finds the speed', () => {
    const t = script()
    t.established(undefined, 'S 0 mss=1000')
    expect(t.info()).toMatchObject({ congestionControl: 'cubic', sack: false, timestamps: false, mss: 1000 })
    const other = script()
    other.established(undefined, 'S 0 mss=1000 sackok ws=7')
    expect(other.info()).toMatchObject({ congestionControl: 'bbr', sack: true, windowScale: { send: 7, receive: 7 } })
  })

  it('follows what is sent, acknowledged, lost and repeated', () => {
    const t = script()
    t.established({ noDelay: true }, 'S 0 mss=1000 sackok ws=7', 50)
    expect(t.info()).toMatchObject({ srtt: 50, minRtt: 50, inFlight: 0, delivered: 0, phase: 'startup' })
    t.write(3000)
    t.wait(20)
    expect(t.info()).toMatchObject({ inFlight: 3000, unsent: 0 })
    t.wait(30)
    t.peer('A 1 ack=1001 win=512', 'A 1 ack=1001 win=512 sack=2001-3001')
    expect(t.info()).toMatchObject({ delivered: 2000, retransmits: 0 })
    t.wait(5000)
    const { retransmits, timeouts, lost } = t.info()!
    expect([retransmits > 0, timeouts > 0, lost]).toEqual([true, true, expect.any(Number)])
    expect(t.info()!.rto).toBeGreaterThanOrEqual(200)
  })

  it('of what arrived: what waits for the reader, and what waits for a hole to be filled', () => {
    const t = script()
    t.established()
    t.peer('A 1+500 ack=1', 'A 1001+200 ack=1')
    expect(t.info()).toMatchObject({ unread: 500, outOfOrder: 200 })
    t.consume(500)
    t.peer('A 501+500 ack=1')
    expect(t.info()).toMatchObject({ unread: 700, outOfOrder: 0 })
  })

  it('an attempt has a state and no window yet', () => {
    const t = script()
    t.connect()
    expect(t.info()).toMatchObject({ state: 'SYN-SENT', mss: 0, cwnd: 0, srtt: undefined, windowScale: undefined })
    t.call('abort')
    expect(t.info()).toBeUndefined()
  })
})
