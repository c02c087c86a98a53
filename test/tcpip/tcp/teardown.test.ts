import { expect, it } from 'vitest'
import { script } from './script.ts'

it('T01 closes first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT', () => {
  const t = script()
  t.established()
  t.call('close')
  t.sees('FA 1 ack=1')
  t.peer('A 1 ack=2')
  t.peer('FA 1 ack=2')
  t.sees('A 2 ack=2')
  t.hears('FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'Closed')
})

it('T02 the peer closes first, data still flows, then LAST-ACK', () => {
  const t = script()
  t.established()
  t.peer('FA 1 ack=1')
  t.sees('A 1 ack=2')
  t.write(100)
  t.sees('A 1+100 ack=2')
  t.peer('A 2 ack=101')
  t.call('close')
  t.sees('FA 101 ack=2')
  t.peer('A 2 ack=102')
  t.hears('Ended', 'CLOSE-WAIT', 'LAST-ACK', 'Closed')
  expect(t.deadline()).toBe(Infinity)
})

it('T03 both close at once', () => {
  const t = script()
  t.established()
  t.call('close')
  t.peer('FA 1 ack=1')
  t.sees('FA 1 ack=1', 'A 2 ack=2')
  t.peer('A 2 ack=2')
  t.hears('FIN-WAIT-1', 'CLOSING', 'TIME-WAIT', 'Closed')
})

it('T04 a FIN with the last data: data, end of stream, one ACK', () => {
  const t = script()
  t.established()
  t.peer('FPA 1+10 ack=1')
  t.hears('Data 10', 'Ended', 'CLOSE-WAIT')
  t.sees('A 1 ack=12')
})

it('T05 a lost FIN is sent again and counts once', () => {
  const t = script()
  t.established()
  t.call('shutdown')
  t.sees('FA 1')
  t.wait(1000)
  const again = t.sent()
  expect(again.length).toBeGreaterThan(0)
  expect(again.every((s) => s.flags === 'FA' && s.seq === 1)).toBe(true)
  t.peer('A 1 ack=2')
  t.hears('FIN-WAIT-1', 'FIN-WAIT-2')
})

it('T06 a FIN beyond a hole waits for the hole to be filled', () => {
  const t = script()
  t.established()
  t.peer('FA 11 ack=1')
  t.peer('FA 11+10 ack=1')
  t.hears()
  t.peer('A 1+10 ack=1')
  t.hears('Data 10', 'Data 10', 'Ended', 'CLOSE-WAIT')
  t.peer('FA 11+10 ack=1')
  t.hears()
})

it('T07 closing with unread data resets', () => {
  const t = script()
  t.established()
  t.peer('A 1+10 ack=1')
  t.sent()
  t.call('close')
  t.sees('RA 1')
  t.hears('Data 10', 'Closed')
})

it('T08 data after close resets, in FIN-WAIT-1 and FIN-WAIT-2', () => {
  const one = script()
  one.established()
  one.call('close')
  one.sent()
  one.peer('A 1+10 ack=1')
  one.sees('RA 2')
  const two = script()
  two.established()
  two.call('close')
  two.peer('A 1 ack=2')
  two.sent()
  two.peer('A 1+10 ack=2')
  two.sees('RA 2')
})

it('T09 after shutdown the peer may send for as long as it likes', () => {
  const t = script()
  t.established()
  t.call('shutdown')
  t.peer('A 1 ack=2')
  for (let minute = 0; minute < 10; minute++) {
    t.wait(60_000)
    t.peer(`A ${1 + minute * 100}+100 ack=2`)
    t.consume(100)
  }
  expect(t.heard()).toEqual(['FIN-WAIT-1', 'FIN-WAIT-2', ...Array.from({ length: 10 }, () => 'Data 100')])
})

it('T10 FIN-WAIT-2 after a full close ends after 60 s of silence, without a word', () => {
  const t = script()
  t.established()
  t.call('close')
  t.peer('A 1 ack=2')
  t.sent()
  t.wait(59_999)
  t.hears('FIN-WAIT-1', 'FIN-WAIT-2')
  t.wait(1)
  t.hears('Closed')
  t.silent()
  expect(t.deadline()).toBe(Infinity)
})

it('T11 linger 0 resets', () => {
  const t = script()
  t.established({ linger: 0 })
  t.write(10)
  t.sent()
  t.call('close')
  t.sees('RA 11')
  t.hears('Closed')
})

it('T12 linger 5 s ends with an error if nobody acknowledges, at once if somebody does', () => {
  const t = script()
  t.established({ linger: 5000 })
  t.call('close')
  t.wait(4999)
  t.hears('FIN-WAIT-1')
  t.wait(1)
  t.hears('Failed ETIMEDOUT')
  const u = script()
  u.established({ linger: 5000 })
  u.call('close')
  u.peer('A 1 ack=2')
  u.hears('FIN-WAIT-1', 'FIN-WAIT-2', 'Closed')
})

it('T13 a FIN goes after the last byte, however small the window', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=1000 sackok')
  t.peer('A 1 ack=1 win=1500')
  t.write(2500)
  t.call('shutdown')
  t.sees('A 1+1000')
  t.peer('A 1 ack=1001 win=1000')
  t.sees('A 1001+1000')
  t.peer('A 1 ack=2001 win=2000')
  t.sees('FA 2001+500')
})

it('T14 a repeated FIN in CLOSE-WAIT is answered and nothing else', () => {
  const t = script()
  t.established()
  t.peer('FA 1 ack=1')
  t.sent()
  t.heard()
  t.wait(1000)
  t.peer('FA 1 ack=1')
  t.sees('A 1 ack=2')
  t.hears()
})

it('T15 writing after shutdown is refused', () => {
  const t = script()
  t.established()
  t.call('shutdown')
  t.sent()
  t.heard()
  t.write(10)
  t.hears('SoftError EPIPE')
  t.silent()
})

it('T16 closing a simultaneous open that is half done: the FIN follows the handshake', () => {
  const t = script()
  t.connect()
  t.peer('S 0 mss=1000')
  t.call('close')
  t.sent()
  t.peer('A 1 ack=1')
  t.sees('FA 1')
  expect(t.heard().at(-1)).toBe('FIN-WAIT-1')
})

const inTimeWait = (syn?: string): ReturnType<typeof script> => {
  const t = script()
  t.established(undefined, syn)
  const ts = syn?.includes('ts=') ? ' ts=50' : ''
  t.call('close')
  t.peer(`A 1 ack=2${ts}`, `FA 1 ack=2${ts}`)
  t.sent()
  t.heard()
  return t
}

it('W01 ends after 60 s', () => {
  const t = inTimeWait()
  t.wait(59_999)
  expect(t.deadline()).toBeLessThan(Infinity)
  t.wait(1)
  expect(t.deadline()).toBe(Infinity)
  t.peer('FA 1 ack=2')
  t.sees('R 2')
})

it('W02 a repeated FIN is answered, and the wait begins anew', () => {
  const t = inTimeWait()
  t.wait(59_000)
  t.peer('FA 1 ack=2')
  t.sees('A 2 ack=2')
  t.wait(59_000)
  t.peer('FA 1 ack=2')
  t.sees('A 2 ack=2')
})

it('W03 a reset is ignored', () => {
  const t = inTimeWait()
  t.peer('R 2')
  t.peer('FA 1 ack=2')
  t.sees('A 2 ack=2')
})

it('W04 a SYN with a higher sequence number opens a new connection, beyond the old one', () => {
  const t = inTimeWait()
  t.peer('S 1000 mss=1000')
  const [answer] = t.sent()
  expect(answer?.flags).toBe('SA')
  expect(answer?.seq).toBeGreaterThanOrEqual(65_536 + 2)
})

it('W05 a SYN with a lower sequence number but a later timestamp opens a new connection', () => {
  const t = inTimeWait('S 0 mss=1000 ts=1')
  t.peer('S -1000 mss=1000 ts=60')
  expect(t.sent()[0]?.flags).toBe('SA')
})

it('W06 a SYN lower in both is only answered', () => {
  const t = inTimeWait('S 0 mss=1000 ts=1')
  t.peer('S -1000 mss=1000 ts=40')
  t.sees('A 2 ack=2')
})

it('W07 stray data is answered, at most twice a second', () => {
  const t = inTimeWait()
  for (let i = 0; i < 100; i++) {
    t.peer('A 1+10 ack=2')
    t.wait(10)
  }
  expect(t.sent().length).toBeLessThanOrEqual(2)
})
