import { expect, it } from 'vitest'
import { script } from './script.ts'

const small = 'S 0 mss=1000 sackok'
/** Segments that use up the quick acknowledgements, so that the ordinary rules are seen. */
const warmUp = (t: ReturnType<typeof script>, size = 1000, n = 8): number => {
  for (let i = 0; i < n; i++) {
    t.peer(`A ${1 + i * size}+${size} ack=1`)
    t.consume(size)
  }
  t.sent()
  t.heard()
  return 1 + n * size
}

it('N01 stops at a closed window', () => {
  const t = script()
  t.established(undefined, small)
  t.peer('A 1 ack=1 win=2000')
  t.write(5000)
  t.sees('A 1+1000', 'A 1001+1000')
  t.peer('A 1 ack=2001 win=0')
  t.silent()
})

it('N02 N03 probes a closed window with one byte, ever more seldom, and goes on when it opens', () => {
  const t = script()
  t.established(undefined, small)
  t.peer('A 1 ack=1 win=0')
  t.write(5000)
  t.silent()
  const at: number[] = []
  for (let i = 0; i < 12; i++) {
    while (t.deadline() < Infinity && at.length === i) {
      t.wait(100)
      for (const s of t.sent()) {
        expect(s).toMatchObject({ seq: 1, length: 1 })
        at.push(t.now())
      }
    }
    t.peer('A 1 ack=1 win=0')
  }
  const gaps = at.slice(1).map((x, i) => x - at[i]!)
  expect(gaps.slice(0, 8).map((g) => Math.round(g / 200))).toEqual([2, 4, 8, 16, 32, 64, 128, 256])
  expect(Math.max(...gaps)).toBe(60_000)
  t.peer('A 1 ack=1 win=3000')
  t.sees('A 1+1000', 'A 1001+1000', 'A 2001+1000')
})

it('N04 a lost window update is recovered by the probe, whose byte may be taken', () => {
  const t = script()
  t.established(undefined, small)
  t.peer('A 1 ack=1 win=0')
  t.write(1500)
  t.wait(400)
  t.sees('A 1+1')
  t.peer('A 1 ack=2 win=3000')
  t.sees('A 2+1000', 'A 1002+499')
})

it('N05 a peer that takes back window gets nothing beyond it, and no reset', () => {
  const t = script()
  t.established(undefined, small)
  t.peer('A 1 ack=1 win=3000')
  t.write(5000)
  t.sees('A 1+1000', 'A 1001+1000', 'A 2001+1000')
  t.peer('A 1 ack=1001 win=1000')
  t.silent()
  t.peer('A 1 ack=3001 win=1000')
  t.sees('A 3001+1000')
})

it('N06 the right edge of the own window never moves left', () => {
  const t = script()
  t.established({ receiveBuffer: 100_000 }, 'S 0 mss=1000 sackok ws=7')
  let edge = 0
  let seq = 1
  for (let i = 0; i < 90; i++) {
    t.peer(`A ${seq}+1000 ack=1`)
    seq += 1000
    for (const s of t.sent()) {
      const now = Number(s.fields.get('ack')) + (Number(s.fields.get('win')) << 1)
      expect(now).toBeGreaterThanOrEqual(edge)
      edge = now
    }
    if (i % 7 === 0) t.consume(3000)
  }
})

it('N07 a reader that takes a byte at a time causes no updates of a few bytes', () => {
  const t = script()
  t.established({ receiveBuffer: 10_000 }, small)
  for (let i = 0; i < 10; i++) t.peer(`A ${1 + i * 1000}+1000 ack=1`)
  t.wait(100)
  expect(t.sent().at(-1)?.fields.get('win')).toBe('0')
  for (let i = 0; i < 1999; i++) t.consume(1)
  t.silent()
  t.consume(1)
  t.sees('A 1 ack=10001 win=2000')
})

it('N08 holds back for a silly window, for 200 ms', () => {
  const t = script()
  t.established(undefined, small)
  t.peer('A 1 ack=1 win=10000')
  t.peer('A 1 ack=1 win=1')
  t.write(5000)
  t.silent()
  t.wait(199)
  t.silent()
  t.wait(1)
  t.sees('A 1+1')
})

it('N10 the window of a SYN is not scaled', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000 ws=7 win=1000')
  t.peer('A 1 ack=1 win=8')
  t.sent()
  t.write(5000)
  t.sees('A 1+1000')
})

it('N11 data beyond the window is cut off', () => {
  const t = script()
  t.established({ receiveBuffer: 1500 }, small)
  t.peer('A 1+1000 ack=1')
  t.sent()
  t.peer('A 1001+1000 ack=1')
  t.hears('Data 1000', 'Data 500')
  t.sees('A 1 ack=1501 win=0')
})

it('N13 an old segment does not change the window', () => {
  const t = script()
  t.established(undefined, small)
  t.peer('A 1+10 ack=1 win=5000')
  t.peer('A 1 ack=1 win=100')
  t.write(3000)
  expect(t.sent().filter((s) => s.length > 0).length).toBe(3)
})

it('N14 small writes wait for the acknowledgement of a small segment (Nagle, Minshall)', () => {
  const t = script()
  t.established(undefined, small)
  for (let i = 0; i < 10; i++) t.write(1)
  t.sees('A 1+1')
  t.peer('A 1 ack=2')
  t.sees('A 2+9')
  t.write(2500)
  t.sees('A 11+1000', 'A 1011+1000')
})

it('small writes go at once with noDelay, also when it is set later', () => {
  const t = script()
  t.established({ noDelay: true }, small)
  t.write(1)
  t.write(1)
  t.sees('A 1+1', 'A 2+1')
  t.configure({ noDelay: false })
  t.write(1)
  t.silent()
  t.configure({ noDelay: true })
  t.sees('A 3+1')
})

it('N15 under the cork a partial segment waits for more, but no longer than 200 ms', () => {
  const t = script()
  // without SACK there is no tail loss probe, which would take what is held back
  t.established({ cork: true }, 'S 0 mss=1000')
  t.write(1200)
  t.sees('A 1+1000')
  t.peer('A 1 ack=1001')
  t.wait(100)
  t.write(100)
  t.wait(99)
  t.silent()
  t.wait(1)
  t.sees('A 1001+300')
  t.write(1000)
  t.sees('A 1301+1000')
  t.write(300)
  t.wait(150)
  t.configure({ cork: false })
  // the first small segment is still out: without the cork Nagle has a say
  t.silent()
  t.peer('A 1 ack=2301')
  t.sees('A 2301+300')
})

it('N15 the end lets a corked segment go, and so does its removal', () => {
  const t = script()
  t.established({ cork: true, noDelay: true }, small)
  t.write(10)
  t.silent()
  t.configure({ cork: false })
  t.sees('A 1+10')
  t.configure({ cork: true })
  t.write(10)
  t.silent()
  t.call('shutdown')
  t.sees('FA 11+10')
})

it('N16 one segment is acknowledged after 40 ms, the second at once', () => {
  const t = script()
  t.established(undefined, small)
  const at = warmUp(t)
  t.peer(`A ${at}+1000 ack=1`)
  t.silent()
  t.wait(39)
  t.silent()
  t.wait(1)
  t.sees(`A 1 ack=${at + 1000}`)
  t.peer(`A ${at + 1000}+1000 ack=1`)
  t.silent()
  t.peer(`A ${at + 2000}+1000 ack=1`)
  t.sees(`A 1 ack=${at + 3000}`)
})

it('the first segments of a connection are acknowledged at once', () => {
  const t = script()
  t.established(undefined, small)
  for (let i = 0; i < 8; i++) {
    t.peer(`A ${1 + i * 100}+100 ack=1`)
    t.sees(`A 1 ack=${101 + i * 100}`)
  }
})

it('data carries the ACK, and the delayed one does not follow', () => {
  const t = script()
  t.established(undefined, small)
  const at = warmUp(t)
  t.peer(`A ${at}+100 ack=1`)
  t.write(10)
  t.sees(`A 1+10 ack=${at + 100}`)
  t.peer(`A ${at + 100} ack=11`)
  t.wait(1000)
  t.silent()
})

it('N17 a FIN waits for a closed window too, and is the probe', () => {
  const t = script()
  t.established(undefined, small)
  t.peer('A 1 ack=1 win=0')
  t.call('shutdown')
  t.silent()
  t.wait(400)
  t.sees('FA 1')
  t.peer('A 1 ack=2 win=0')
  t.hears('FIN-WAIT-1', 'FIN-WAIT-2')
})

it('N18 a reset counts with a closed window', () => {
  const t = script()
  t.established({ receiveBuffer: 1000 }, small)
  t.peer('A 1+1000 ack=1')
  t.heard()
  t.peer('R 1001')
  t.hears('Failed ECONNRESET')
})

it('a closed window still lets an ACK in', () => {
  const t = script()
  t.established({ receiveBuffer: 1000 }, small)
  t.write(500)
  t.peer('A 1+1000 ack=1')
  t.sent()
  t.peer('A 1001+1000 ack=501')
  t.wait(5000)
  // the probe is answered, our data is not sent again
  t.sees('A 501 ack=1001 win=0')
})

it('C01 the initial window is 14600 bytes with large segments, ten segments with small ones', () => {
  const large = script()
  large.established(undefined, 'S 0 mss=2760 ws=7')
  large.write(100_000)
  expect(large.sent().length).toBe(5)
  const usual = script()
  usual.established(undefined, 'S 0 mss=1460 ws=7')
  usual.write(100_000)
  expect(usual.sent().length).toBe(10)
})
