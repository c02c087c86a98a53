import { expect, it } from 'vitest'
import { script } from './script.ts'

const plain = 'S 0 mss=1000 sackok'
const stamped = 'S 0 mss=1012 sackok ts=1 ws=7'
/** The blocks of the last ACK. */
const blocks = (t: ReturnType<typeof script>): string | undefined => t.sent().at(-1)?.fields.get('sack')

it('K01 a hole is reported with what lies behind it', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1001+1000 ack=1')
  t.sees('A 1 ack=1 sack=1001-2001')
})

it('K01 what is early and comes together is reported together, a new hole at once', () => {
  const t = script()
  t.established(undefined, plain)
  const early = (n: number): string => `A ${1001 + 1000 * n}+1000 ack=1`
  t.peer(...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(early))
  t.sees('A 1 ack=1 sack=1001-2001', 'A 1 ack=1 sack=1001-10001', 'A 1 ack=1 sack=1001-13001')
  t.peer(early(12), early(14), early(15))
  t.sees('A 1 ack=1 sack=15001-16001,1001-14001', 'A 1 ack=1 sack=15001-17001,1001-14001')
})

it('K02 several holes: newest first, four blocks, three beside timestamps', () => {
  const t = script()
  t.established(undefined, plain)
  for (const seq of [1001, 3001, 5001, 7001, 9001]) t.peer(`A ${seq}+1000 ack=1`)
  expect(blocks(t)).toBe('9001-10001,7001-8001,5001-6001,3001-4001')
  const u = script()
  u.established(undefined, stamped)
  for (const seq of [1001, 3001, 5001, 7001]) u.peer(`A ${seq}+1000 ack=1 ts=2`)
  expect(blocks(u)).toBe('7001-8001,5001-6001,3001-4001')
})

it('K03 blocks that touch become one, and filling the hole delivers all', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1001+1000 ack=1', 'A 3001+1000 ack=1', 'A 2001+1000 ack=1')
  expect(blocks(t)).toBe('1001-4001')
  t.peer('A 1+1000 ack=1')
  t.hears('Data 1000', 'Data 1000', 'Data 1000', 'Data 1000')
  t.sees('A 1 ack=4001 sack=none')
})

it('K04 a duplicate of what was early is reported first, then the block it is in', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1001+1000 ack=1', 'A 2001+1000 ack=1', 'A 1001+1000 ack=1')
  expect(blocks(t)).toBe('1001-2001,1001-3001')
})

it('K05 a duplicate of what was delivered is reported below the ACK', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1+1000 ack=1')
  t.sent()
  t.peer('A 1+1000 ack=1')
  t.sees('A 1 ack=1001 sack=1-1001')
  t.hears('Data 1000')
})

it('K06 a partial overlap is delivered once', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1+1000 ack=1')
  t.sent()
  t.peer('A 501+1000 ack=1')
  t.hears('Data 1000', 'Data 500')
  t.sees('A 1 ack=1501 sack=501-1001')
})

it('overlaps among early segments are kept once', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1001+1000 ack=1', 'A 1501+1000 ack=1', 'A 501+3000 ack=1', 'A 1+500 ack=1')
  const bytes = t
    .heard()
    .map((h) => Number(h.replace('Data ', '')))
    .reduce((a, b) => a + b)
  expect(bytes).toBe(3500)
})

/** Ten segments of 1000 are out. */
const ten = (syn = plain): ReturnType<typeof script> => {
  const t = script()
  t.established(undefined, syn, 0.4)
  t.write(10_000)
  expect(t.sent().length).toBe(10)
  return t
}

it('R01 a hole in the middle is filled as soon as three segments behind it have arrived', () => {
  const t = ten()
  t.wait(5)
  t.peer('A 1 ack=1001')
  t.peer('A 1 ack=1001 sack=2001-3001', 'A 1 ack=1001 sack=2001-4001')
  t.silent()
  t.peer('A 1 ack=1001 sack=2001-5001')
  t.sees('A 1001+1000')
})

it('R04 a retransmission that is lost too is found by what was sent after it', () => {
  const t = ten()
  t.wait(5)
  t.peer('A 1 ack=1 sack=1001-5001')
  t.sees('A 1+1000')
  t.write(5000)
  t.sent()
  t.wait(5)
  t.peer('A 1 ack=1 sack=1001-10001')
  const out = t.sent().filter((s) => s.seq >= 10_001)
  expect(out.length).toBeGreaterThan(0)
  t.wait(5)
  t.peer(`A 1 ack=1 sack=1001-${out.at(-1)!.seq + out.at(-1)!.length}`)
  expect(t.sent()[0]).toMatchObject({ seq: 1, length: 1000 })
})

it('R05 a lost last segment is probed for after two round trips and an allowance', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000 sackok')
  t.wait(50)
  t.peer('A 1 ack=1 win=512')
  t.sent()
  t.write(500)
  t.sees('A 1+500')
  // RTT 50: the timeout of 200 comes before 2·50 + 200
  t.wait(199)
  t.silent()
  t.wait(1)
  t.sees('A 1+500')
})

it('R06 a probe sends new data where there is some', () => {
  const t = script()
  t.listen({ noDelay: false })
  t.peer('S 0 mss=1000 sackok')
  t.wait(50)
  t.peer('A 1 ack=1')
  t.sent()
  t.write(2500)
  t.wait(10)
  t.sees('A 1+1000', 'A 1001+1000', 'A 2001+500')
  t.write(300)
  t.silent()
  t.wait(100)
  t.sees('A 2501+300')
})

it('R12 all but the last of ten lost: one round repairs them within the window', () => {
  const t = ten()
  t.wait(5)
  t.peer('A 1 ack=1 sack=9001-10001')
  t.wait(25)
  const again = t.sent().map((s) => s.seq)
  expect(again.length).toBeGreaterThan(0)
  expect(new Set(again).size).toBe(again.length)
})

it('K07 K08 K09 blocks beyond what was sent, inverted, empty or not negotiated are ignored', () => {
  const t = ten()
  t.wait(5)
  t.peer('A 1 ack=1 sack=20001-30001', 'A 1 ack=1 sack=5001-4001', 'A 1 ack=1 sack=5001-5001')
  t.silent()
  const u = ten('S 0 mss=1000')
  u.wait(5)
  u.peer('A 1 ack=1 sack=1001-9001')
  u.silent()
})

it('K12 a SACK option of length 11 is ignored, the segment is not', () => {
  const t = ten()
  t.wait(5)
  t.peer('A 1 ack=3001 options=5.11.0.0.0.0.0.0.0.0.0')
  t.write(3000)
  expect(t.sent().some((s) => s.seq === 10_001)).toBe(true)
})

it('K10 many losses are repaired once each', () => {
  const t = script()
  t.established({ sendBuffer: 1_000_000, congestionControl: 'cubic' }, 'S 0 mss=1000 sackok ws=7')
  t.peer('A 1 ack=1 win=65535')
  // grow the window first
  t.write(800_000)
  let ack = 1
  let high = 1
  for (let round = 0; round < 5; round++) {
    for (const s of t.sent()) high = Math.max(high, s.seq + s.length)
    t.wait(10)
    for (; ack < high; ack += 2000) t.peer(`A 1 ack=${Math.min(high, ack + 2000)} win=65535`)
    ack = high
  }
  const flight = t.sent().map((s) => s.seq)
  expect(flight.length).toBeGreaterThan(120)
  t.wait(10)
  // every second segment is lost
  const resent: number[] = []
  for (let i = 1; i < 120; i += 2) {
    const from = flight[i]!
    t.peer(`A 1 ack=${flight[0]!} win=65535 sack=${from}-${from + 1000}`)
    resent.push(
      ...t
        .sent()
        .map((s) => s.seq)
        .filter((seq) => seq < high + 120_000 && flight.includes(seq)),
    )
  }
  expect(new Set(resent).size).toBe(resent.length)
  expect(resent.every((seq) => flight.indexOf(seq) % 2 === 0)).toBe(true)
  expect(resent.length).toBeGreaterThan(20)
})

it('without SACK three duplicate ACKs bring the head again, two bring new data', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=1000')
  t.write(14_000)
  expect(t.sent().length).toBe(10)
  t.wait(5)
  t.peer('A 1 ack=1 win=65535')
  t.peer('A 1 ack=1 win=65535')
  expect(t.sent().map((s) => s.seq)).toEqual([10_001, 11_001])
  t.peer('A 1 ack=1 win=65535')
  expect(t.sent()[0]?.seq).toBe(1)
})

it('C14 without SACK an ACK that changes the window is no duplicate', () => {
  const t = script()
  t.established(undefined, 'S 0 mss=1000')
  t.write(10_000)
  t.sent()
  for (const win of [60_000, 59_000, 58_000, 57_000]) t.peer(`A 1 ack=1 win=${win}`)
  t.silent()
})
