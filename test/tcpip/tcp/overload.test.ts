import { describe, expect, it } from 'vitest'
import { script } from './script.ts'

/** More peers than a listener can remember, and more connections than its owner takes. */
const FULL = 'S 0 mss=2760 sackok ws=7 ts=500/0'

const flooded = (family: 4 | 6 = 4, extra = 0): ReturnType<typeof script> => {
  const s = script(family)
  s.listen()
  for (let port = 10_000; port < 10_256 + extra; port++) s.peer(`S 0 port=${port} mss=1000`)
  s.sent()
  s.drops()
  return s
}
/** The last SYN-ACK: its timestamp and sequence number as sent. */
const cookieOf = (s: ReturnType<typeof script>): { readonly ts: string; readonly seq: number } => {
  const last = s.sent().at(-1)!
  return { ts: last.fields.get('tsval') ?? '', seq: last.seq }
}

describe.each([4, 6] as const)('SYN cookies, IPv%i', (family) => {
  it('H18 300 SYNs leave 256 half-open connections, and an answer to each of the others', () => {
    const s = script(family)
    s.listen()
    for (let port = 10_000; port < 10_300; port++) s.peer(`S 0 port=${port} mss=1000`)
    expect(s.sent().length).toBe(300)
    // those that are remembered are answered again, the others not
    s.wait(1000)
    expect(s.sent().length).toBe(256)
  })

  it('H18 a valid answer connects with size, scale and SACK as they were offered', () => {
    const s = flooded(family)
    s.peer(FULL)
    const { ts, seq } = cookieOf(s)
    s.peer(`A 1+3 ack=${seq + 1} win=10 ts=501/${ts}`)
    s.hears('Accepted', 'ESTABLISHED', 'Data 3')
    s.write(5000)
    const sent = s.sent().filter(({ length }) => length > 0)
    // the window of 10 is scaled by 7: 1280 bytes of it fit into one segment with timestamps
    expect(sent.map(({ length }) => length)).toEqual([1280])
    s.peer(`A 10+10 ack=${seq + 1281} win=10 ts=502/${ts}`)
    expect(s.sent().map(({ fields }) => fields.get('sack'))).toContain('10-20')
  })

  it('H18 without timestamps only the size is remembered', () => {
    const s = flooded(family)
    s.peer('S 0 mss=1420 sackok ws=7')
    const last = s.sent().at(-1)!
    expect([...last.fields.keys()].sort()).toEqual(['ack', 'mss', 'win'])
    s.peer(`A 1 ack=${last.seq + 1} win=60000`)
    s.hears('Accepted', 'ESTABLISHED')
    s.write(3000)
    expect(s.sent().map(({ length }) => length)[0]).toBe(1400)
  })

  it('H18 segments too small to be remembered are not promised', () => {
    const s = flooded(family)
    s.peer('S 0 mss=500')
    s.silent()
    expect(s.drops()).toEqual(['tcp-backlog'])
  })

  it('H19 a forged answer, an answer to another SYN and an old one are refused', () => {
    const s = flooded(family)
    s.peer(FULL)
    const { ts, seq } = cookieOf(s)
    s.peer(`A 1 ack=${seq + 2} ts=501/${ts}`)
    s.sees(`R ${seq + 2}`)
    s.peer(`A 2 ack=${seq + 1} ts=501/${ts}`)
    s.sees(`R ${seq + 1}`)
    s.peer(`A 1 port=777 ack=${seq + 1} ts=501/${ts}`)
    s.sees(`R ${seq + 1}`)
    s.heard()
    s.wait(193_000)
    s.sent()
    // others keep the listener busy, so cookies are still looked at
    for (let port = 20_000; port < 20_300; port++) s.peer(`S 0 port=${port} mss=1000`)
    s.sent()
    s.peer(`A 1 ack=${seq + 1} ts=501/${ts}`)
    s.sees(`R ${seq + 1}`)
    s.hears()
  })

  it('nobody tastes cookies where none were given', () => {
    const s = flooded(family)
    s.peer(FULL)
    const { ts, seq } = cookieOf(s)
    s.wait(128_001)
    s.sent()
    s.peer(`A 1 ack=${seq + 1} ts=501/${ts}`)
    s.sees(`R ${seq + 1}`)
  })

  it('the handshake of a cookie tells nothing of the round trip, and later timestamps are not smaller', () => {
    const s = flooded(family)
    s.peer(FULL)
    const { ts, seq } = cookieOf(s)
    s.wait(30)
    s.peer(`A 1 ack=${seq + 1} win=600 ts=531/${ts}`)
    s.write(10)
    const data = s.sent().find(({ length }) => length > 0)
    expect((Number(data!.fields.get('tsval')) - Number(ts)) | 0).toBeGreaterThanOrEqual(30)
    s.wait(1500)
    const again = s.sent().filter(({ length }) => length > 0)
    expect(again.map(({ at }) => at - data!.at)).toEqual([1000])
  })
})

describe('the accept queue', () => {
  it('H17 while it is full the last ACK is not heard, and one that is taken makes room', () => {
    const s = script()
    s.listen({}, 1)
    s.peer('S 0 port=1001 mss=1000', 'A 1 port=1001 ack=1')
    s.hears('Accepted', 'ESTABLISHED')
    s.sent()
    s.peer('S 0 port=1002 mss=1000')
    const { seq } = s.sent()[0]!
    s.peer(`A 1 port=1002 ack=${seq + 1}`)
    s.silent()
    s.hears()
    expect(s.drops()).toEqual(['tcp-backlog'])
    s.wait(1000)
    expect(s.sent().map(({ flags }) => flags)).toEqual(['SA'])
    s.accept()
    s.peer(`A 1+5 port=1002 ack=${seq + 1}`)
    s.hears('Accepted', 'ESTABLISHED', 'Data 5')
  })

  it('a cookie is no way around it', () => {
    const s = script()
    s.listen({}, 1)
    s.peer('S 0 port=1001 mss=1000', 'A 1 port=1001 ack=1')
    for (let port = 10_000; port < 10_256; port++) s.peer(`S 0 port=${port} mss=1000`)
    s.peer(FULL)
    const { ts, seq } = cookieOf(s)
    s.heard()
    s.peer(`A 1 ack=${seq + 1} ts=501/${ts}`)
    s.silent()
    s.hears()
    s.accept()
    s.peer(`A 1 ack=${seq + 1} ts=501/${ts}`)
    s.hears('Accepted', 'ESTABLISHED')
  })
})
