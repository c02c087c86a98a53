import { expect, it } from 'vitest'
import { script } from './script.ts'

const plain = 'S 0 mss=1000 sackok'
const stamped = 'S 0 mss=1012 ts=1000'

it('A01 a reset in its place resets', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('R 1')
  t.hears('Failed ECONNRESET')
  t.silent()
})

it('A02 a reset in the window is challenged, A03 outside it is ignored', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('R 2')
  t.sees('A 1 ack=1')
  t.wait(1000)
  t.peer('R 1048577', 'R 0')
  t.silent()
  t.hears()
})

it.each([1, 500, 9_000_000])('A04 A05 a SYN at %i is challenged', (seq) => {
  const t = script()
  t.established(undefined, plain)
  t.peer(`S ${seq} mss=1000`)
  t.sees('A 1 ack=1')
  t.hears()
})

it('A06 an ACK of what was never sent is answered, and its data dropped', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1+10 ack=5000')
  t.sees('A 1 ack=1')
  t.hears()
})

it('A07 a very old ACK is challenged, and its data dropped', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('A 1+10 ack=-70000')
  t.sees('A 1 ack=1')
  t.hears()
})

it('A08 a hundred bad resets in a second bring two answers', () => {
  const t = script()
  t.established(undefined, plain)
  for (let i = 0; i < 100; i++) {
    t.peer('R 2')
    t.wait(10)
  }
  expect(t.sent().length).toBe(2)
})

it('A09 an old timestamp: answered and dropped', () => {
  const t = script()
  t.established(undefined, stamped)
  t.peer('A 1+10 ack=1 ts=1001')
  t.sent()
  t.heard()
  t.peer('A 11+10 ack=1 ts=900')
  t.sees('A 1 ack=11')
  t.hears()
  expect(t.drops()).toEqual(['tcp-paws'])
})

it('A10 a timestamp that wrapped is newer', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000 ts=4294967290')
  t.peer('A 1 ack=1 ts=4294967290', 'A 1+10 ack=1 ts=4294967295', 'A 11+10 ack=1 ts=3')
  t.hears('Accepted', 'ESTABLISHED', 'Data 10', 'Data 10')
})

it('A11 a segment without the timestamps that were agreed on is dropped', () => {
  const t = script()
  t.established(undefined, stamped)
  t.peer('A 1+10 ack=1')
  t.silent()
  t.hears()
})

it('A12 a reset with an old timestamp is a reset', () => {
  const t = script()
  t.established(undefined, stamped)
  t.peer('R 1 ts=5')
  t.hears('Failed ECONNRESET')
})

it('A13 bad ACKs that answer each other die out', () => {
  const t = script()
  t.established(undefined, plain)
  for (let i = 0; i < 1000; i++) {
    t.peer('A 1 ack=9999')
    t.wait(1)
  }
  expect(t.sent().length).toBeLessThanOrEqual(2)
})

it('A14 a segment without ACK is dropped', () => {
  const t = script()
  t.established(undefined, plain)
  t.peer('P 1+10')
  t.silent()
  t.hears()
})

it('A17 an ICMP error about a segment that is not out is ignored', () => {
  const t = script()
  t.connect()
  t.icmp(77, 'ECONNREFUSED', true)
  t.hears('SYN-SENT')
})

it('A18 optimistic ACKs within the flight do no harm', () => {
  const t = script()
  t.established(undefined, plain)
  t.write(10_000)
  for (let ack = 1; ack <= 10_001; ack += 7) t.peer(`A 1 ack=${ack}`)
  t.peer('A 1 ack=10001')
  t.write(1000)
  expect(t.sent().at(-1)?.seq).toBe(10_001)
})

it('M01 M02 M03 M10 M11 malformed segments are dropped, each with its reason', () => {
  const t = script()
  t.established(undefined, plain)
  const broken = (change: (b: Uint8Array) => void): void => {
    const b = t.segmentBytes('A 1+10 ack=1')
    change(b)
    t.raw(b)
  }
  broken((b) => {
    b[12] = 0x40
  })
  broken((b) => {
    b[12] = 0xf0
  })
  broken((b) => {
    b[17]! ^= 1
  })
  broken((b) => {
    b[0] = 0
    b[1] = 0
  })
  broken((b) => {
    b[13] = 0
  })
  broken((b) => {
    b[13] = 0x3f
  })
  t.raw(t.segmentBytes('A 1 ack=1').subarray(0, 12))
  expect(t.drops()).toEqual([
    'tcp-malformed',
    'tcp-malformed',
    'tcp-checksum',
    'tcp-malformed',
    'tcp-malformed',
    'tcp-malformed',
    'tcp-malformed',
  ])
  t.hears()
  t.silent()
})

it.each(['0', '1.1.1', '8.0', '8.1', '254.200', '2.4.1', '5.10.1.1'])(
  'M02 broken options (%s) end the options, not the segment',
  (options) => {
    const t = script()
    t.established(undefined, plain)
    t.peer(`A 1+10 ack=1 options=${options}`)
    t.hears('Data 10')
  },
)
