import { expect, it } from 'vitest'
import { script } from './script.ts'

it('H01 a SYN offers everything, in 40 bytes', () => {
  const v4 = script()
  v4.connect()
  v4.sees('S 0 win=65535 mss=2760 sackok ts=0 ws=7')
  const v6 = script(6)
  v6.connect()
  v6.sees('S 0 win=65535 mss=2740 sackok ts=0 ws=7')
})

it('H02 a SYN with all options is answered with all, and the final ACK accepts', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1460 sackok ts=100 ws=7')
  t.sees('SA 0 ack=1 mss=2760 sackok ts=100 ws=7')
  t.hears()
  t.peer('A 1 ack=1 ts=101')
  t.hears('Accepted', 'ESTABLISHED')
  t.silent()
})

it('H03 a SYN with an MSS only is answered with an MSS only, and nothing else is used later', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1460')
  t.sees('SA 0 ack=1 mss=2760 sackok=none ts=none ws=none')
  t.peer('A 1 ack=1 win=1000')
  t.write(2000)
  t.sees('A 1+1000 win=65535 ts=none')
  t.peer('A 101+10 ack=1 win=1000')
  t.sees('A 1001 ack=1 sack=none')
})

it.each([
  [4, 536],
  [6, 1220],
] as const)('H04 without an MSS the least is assumed (IPv%i)', (family, size) => {
  const t = script(family)
  t.listen()
  t.peer('S 0')
  t.peer('A 1 ack=1')
  t.sent()
  t.write(3000)
  t.sees(
    ...[0, 1, 2, 3, 4, 5].slice(0, Math.floor(3000 / size)).map((n) => `A ${1 + n * size}+${size}`),
    ...(size === 536 ? ['A 2681+320'] : ['A 2441+560']),
  )
})

it('H05 a window scale of 15 counts as 14', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1460 ws=15')
  t.peer('A 1 ack=1 win=4')
  t.sent()
  t.write(80_000)
  // 4 << 14 = 65536; what goes at once is bounded by the initial congestion window
  t.sees(...Array.from({ length: 10 }, (_, n) => `A ${1 + n * 1460}+1460`))
})

it('H06 a SYN nobody answers is sent seven times, and ends after 127 s', () => {
  const t = script()
  t.connect()
  t.wait(126_999)
  expect(t.sent().map((s) => s.at - 1_700_000_000_000)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000])
  t.hears('SYN-SENT')
  t.wait(1)
  t.hears('Failed ETIMEDOUT')
  t.silent()
  expect(t.deadline()).toBe(Infinity)
})

it('a connect deadline ends the attempt earlier', () => {
  const t = script()
  t.connect({}, 5000)
  t.wait(5000)
  t.hears('SYN-SENT', 'Failed ETIMEDOUT')
})

it('H07 a reset of our SYN is a refusal', () => {
  const t = script()
  t.connect()
  t.sent()
  t.peer('RA 0 ack=1')
  t.hears('SYN-SENT', 'Failed ECONNREFUSED')
  t.silent()
})

it('H08 a reset that does not acknowledge our SYN is ignored', () => {
  const t = script()
  t.connect()
  t.sent()
  t.peer('R 0', 'RA 0 ack=2')
  t.hears('SYN-SENT')
  t.silent()
})

it('H09 a SYN-ACK of something else is reset, and the attempt goes on', () => {
  const t = script()
  t.connect()
  t.sent()
  t.peer('SA 0 ack=2 mss=1000')
  t.sees('R 2')
  t.peer('SA 0 ack=1 mss=1000')
  t.hears('SYN-SENT', 'Opened', 'ESTABLISHED')
  t.sees('A 1 ack=1')
})

it.each(['SA 0 ack=1 mss=1000', 'A 1 ack=1'])('H10 both open at once, and the other side answers %s', (answer) => {
  const t = script()
  t.connect()
  t.sees('S 0')
  t.peer('S 0 mss=1000')
  t.sees('SA 0 ack=1 mss=2760')
  t.peer(answer)
  t.hears('SYN-SENT', 'SYN-RECEIVED', 'Opened', 'ESTABLISHED')
  t.write(10)
  expect(t.sent().at(-1)?.text).toMatch(/^PA 1\+10 /)
})

it('H11 a repeated SYN gets the SYN-ACK again, and is one connection', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000', 'S 0 mss=1000')
  t.sees('SA 0 ack=1', 'SA 0 ack=1')
  t.peer('A 1 ack=1')
  t.hears('Accepted', 'ESTABLISHED')
})

it('H12 a SYN-ACK is sent six times and then forgotten', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000')
  t.wait(100_000)
  expect(t.sent().map((s) => s.at - 1_700_000_000_000)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000])
  t.hears()
  expect(t.deadline()).toBe(Infinity)
})

it('H13 a final ACK of something else is reset, and the half-open connection stays', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000')
  t.sent()
  t.peer('A 1 ack=5')
  t.sees('R 5')
  t.peer('A 1 ack=1')
  t.hears('Accepted', 'ESTABLISHED')
})

it('H14 data on the final ACK is delivered', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000')
  t.sent()
  t.peer('A 1+100 ack=1')
  t.hears('Accepted', 'ESTABLISHED', 'Data 100')
  t.sees('A 1 ack=101')
})

it('H15 data on a SYN is not taken; sent again it is delivered once', () => {
  const t = script()
  t.listen()
  t.peer('S 0+50 mss=1000')
  t.sees('SA 0 ack=1')
  t.peer('A 1 ack=1', 'A 1+50 ack=1')
  t.hears('Accepted', 'ESTABLISHED', 'Data 50')
})

it('H16 what is no SYN is reset by a listener, or dropped', () => {
  const t = script()
  t.listen()
  t.peer('A 1 ack=77', 'FA 1 ack=78')
  expect(t.sent().map((s) => s.flags)).toEqual(['R', 'R'])
  t.peer('SF 0', 'R 0', 'RA 0 ack=1', 'F 0')
  t.silent()
})

it('H20 an unreachable host is a soft error, told when the time is up', () => {
  const t = script()
  t.connect()
  t.icmp(0, 'EHOSTUNREACH', false)
  t.hears('SYN-SENT')
  t.wait(127_000)
  t.hears('Failed EHOSTUNREACH')
})

it('P12 a hard ICMP error ends an attempt to connect', () => {
  const t = script()
  t.connect()
  t.icmp(0, 'ECONNREFUSED', true)
  t.hears('SYN-SENT', 'Failed ECONNREFUSED')
})

it('H22 a reset of a half-open connection leaves the listener listening', () => {
  const t = script()
  t.listen()
  t.peer('S 0 mss=1000')
  t.sent()
  t.peer('R 1')
  t.peer('A 1 ack=1')
  t.sees('R 1')
  t.hears()
})

it('H23 an abandoned connect sends nothing, and a late SYN-ACK is reset', () => {
  const t = script()
  t.connect()
  t.sent()
  t.call('abort')
  t.silent()
  t.peer('SA 0 ack=1 mss=1000')
  t.sees('R 1')
})

it('a port nobody listens on is reset; a reset never is', () => {
  const t = script()
  t.peer('S 0+0 mss=1000', 'A 5+10 ack=9', 'R 5')
  expect(t.sent().map((s) => `${s.flags} ${s.fields.get('ack') ?? ''}`)).toEqual(['RA 1', 'R '])
  expect(t.drops()).toEqual(['tcp-no-port', 'tcp-no-port', 'tcp-no-port'])
})

it.each([
  ['the second SYN', 1000, 1],
  ['the first SYN, late', 0, 5],
] as const)(
  'the answer to %s tells whether one was lost, and so how much may fly at first',
  (_name, later, segments) => {
    const t = script()
    t.connect({ congestionControl: 'reno' })
    const first = Number(t.sent()[0]!.fields.get('tsval'))
    t.wait(1500)
    t.sent()
    t.peer(`SA 0 ack=1 mss=2760 sackok ws=7 ts=1/${first + later}`)
    t.sent()
    t.write(50_000)
    t.wait(0)
    expect(t.sent().filter(({ length }) => length > 0).length).toBeLessThanOrEqual(segments)
    expect(t.info()!.cwnd).toBe(segments === 1 ? 2748 : 14_600)
  },
)
