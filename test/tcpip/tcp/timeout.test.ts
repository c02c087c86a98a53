import { expect, it } from 'vitest'
import { script } from './script.ts'

const plain = 'S 0 mss=1000'

it('X01 a segment nobody acknowledges is sent again ever more seldom, and given up', () => {
  const t = script()
  t.established(undefined, plain)
  t.write(100)
  t.wait(3_600_000)
  const at = t.sent().map((s) => s.at)
  expect(at.length).toBe(16)
  const gaps = at.slice(1).map((x, i) => x - at[i]!)
  expect(gaps.slice(0, 9)).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200])
  expect(gaps.at(-1)).toBe(60_000)
  t.hears('Failed ETIMEDOUT')
  expect(t.deadline()).toBe(Infinity)
})

it('the third retransmission asks whether the neighbour is still there, of data and of a SYN', () => {
  const t = script()
  t.established(undefined, plain)
  t.write(100)
  t.wait(200 + 400)
  expect(t.doubts()).toBe(0)
  t.wait(800)
  expect(t.doubts()).toBe(1)
  t.wait(3_600_000)
  expect(t.doubts()).toBe(1)
  const s = script()
  s.connect()
  s.wait(6999)
  expect(s.doubts()).toBe(0)
  s.wait(1)
  expect(s.doubts()).toBe(1)
})

it('X02 with an RTT of 50 ms the timeout is 200 ms', () => {
  const t = script()
  t.established(undefined, plain)
  for (let i = 0; i < 20; i++) {
    t.write(100)
    t.wait(50)
    t.peer(`A 1 ack=${1 + (i + 1) * 100}`)
  }
  t.sent()
  t.write(100)
  t.sent()
  t.wait(199)
  t.silent()
  t.wait(1)
  t.sees('A 2001+100')
})

it('X04 without timestamps the ACK of a retransmission is no sample, and the back-off stays', () => {
  const t = script()
  t.established(undefined, plain)
  t.write(100)
  t.wait(200)
  t.wait(400)
  t.peer('A 1 ack=101')
  t.sent()
  t.write(100)
  t.sent()
  t.wait(799)
  t.silent()
  t.wait(1)
  t.sees('A 101+100')
})

it('X05 X06 after a timeout only holes are sent again', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=1000 sackok')
  t.write(4000)
  t.sent()
  t.wait(20)
  t.peer('A 1 ack=1 sack=3001-4001')
  t.sent()
  t.wait(2000)
  t.sent()
  t.peer('A 1 ack=1001 sack=3001-4001')
  t.wait(10)
  t.peer('A 1 ack=2001 sack=3001-4001')
  expect(t.sent().every((s) => s.seq < 3001)).toBe(true)
  t.peer('A 1 ack=4001')
  t.wait(10_000)
  t.silent()
})

it('X07 a peer that takes back what it reported gets all of it again', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=1000 sackok')
  t.write(3000)
  t.sent()
  t.wait(20)
  t.peer('A 1 ack=1 sack=1001-3001')
  t.peer('A 1 ack=1001')
  t.sent()
  t.wait(1000)
  expect(t.sent()[0]?.seq).toBe(1001)
  t.peer('A 1 ack=2001')
  t.wait(100)
  expect(t.sent().some((s) => s.seq === 2001)).toBe(true)
})

it('X08 a SYN that was sent twice, without timestamps: 3 s and one segment', () => {
  const t = script()
  t.connect()
  t.wait(1000)
  t.sent()
  t.peer('SA 0 ack=1 mss=1000')
  t.sent()
  t.write(5000)
  t.sees('A 1+1000')
  t.wait(2999)
  t.silent()
  t.wait(1)
  t.sees('A 1+1000')
})

it('X09 a user timeout ends a connection without progress, and sends no reset', () => {
  const t = script()
  t.established({ userTimeout: 3000 }, plain)
  t.write(100)
  t.wait(2999)
  t.hears()
  t.sent()
  t.wait(1)
  t.hears('Failed ETIMEDOUT')
  t.silent()
})

it('X10 an ICMP error during retransmission is a hint only', () => {
  const t = script()
  t.established(undefined, plain)
  t.write(100)
  t.icmp(1, 'EHOSTUNREACH', false)
  t.icmp(1, 'ECONNREFUSED', true)
  t.hears()
  t.peer('A 1 ack=101')
  t.write(100)
  expect(t.sent().at(-1)?.seq).toBe(101)
})

it('X11 an ACK in the middle of a segment cuts off its head', () => {
  const t = script()
  t.established(undefined, plain)
  t.write(1000)
  t.sent()
  t.peer('A 1 ack=301')
  t.wait(1000)
  expect(t.sent()[0]).toMatchObject({ seq: 301, length: 700 })
})

it('X12 the back-off ends with progress', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=1012 ts=1')
  t.write(100)
  t.wait(200)
  t.wait(400)
  const again = t.sent().at(-1)!
  expect(again.seq).toBe(1)
  t.peer(`A 1 ack=101 ts=2/${again.at}`)
  t.write(100)
  t.sent()
  t.wait(1000)
  expect(t.sent().length).toBeGreaterThan(1)
})

it('L01 keepalive asks after the idle time, and gives up after so many questions', () => {
  const t = script()
  t.established({ keepAlive: { idle: 7_200_000, interval: 75_000, count: 9 } }, plain)
  t.wait(7_199_999)
  t.silent()
  t.wait(1)
  t.sees('A 0 ack=1')
  t.wait(8 * 75_000)
  expect(t.sent().length).toBe(8)
  t.wait(75_000)
  t.hears('Failed ETIMEDOUT')
})

it('L02 an answer starts the idle time anew', () => {
  const t = script()
  t.established({ keepAlive: { idle: 10_000, interval: 1000, count: 2 } }, plain)
  for (let i = 0; i < 5; i++) {
    t.wait(10_000)
    t.sees('A 0 ack=1')
    t.peer('A 1 ack=1')
  }
  t.hears()
})

it('L03 no question while data is outstanding', () => {
  const t = script()
  t.established({ keepAlive: { idle: 1000, interval: 1000, count: 100 } }, plain)
  t.write(10)
  t.wait(20_000)
  expect(t.sent().every((s) => s.length === 10)).toBe(true)
})

it('L04 a reset as the answer ends the connection', () => {
  const t = script()
  t.established({ keepAlive: { idle: 1000, interval: 1000, count: 9 } }, plain)
  t.wait(1000)
  t.peer('R 1')
  t.hears('Failed ECONNRESET')
})

it('L05 keepalive can be turned on and off later', () => {
  const t = script()
  t.established(undefined, plain)
  t.configure({ keepAlive: { idle: 1000, interval: 1000, count: 9 } })
  t.wait(1000)
  t.sees('A 0 ack=1')
  t.configure({ keepAlive: false })
  t.wait(100_000)
  t.silent()
})

it('P05 a narrower path: what is out is cut and sent again at once', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=2760')
  t.write(5520)
  t.sees('A 1+2760', 'A 2761+2760')
  t.tooBig(1400, 1)
  expect(t.sent().map((s) => [s.seq, s.length])).toEqual([
    [1, 1360],
    [1361, 1360],
    [2721, 40],
    [2761, 1360],
    [4121, 1360],
    [5481, 40],
  ])
})

it('P08 a report about a segment that is not out is ignored', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=2760')
  t.write(2760)
  t.sent()
  t.tooBig(1400, 5000)
  t.silent()
})

it('P10 a black hole: after two timeouts smaller segments are tried', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=2760')
  t.write(2760)
  t.sent()
  t.wait(200)
  t.sees('A 1+2760')
  t.wait(400)
  t.sees('A 1+1360')
})
