import { describe, expect, it } from 'vitest'
import { TcpInbox } from '../../src/api/tcp-inbox.ts'

const inboxOf = (...chunks: readonly (readonly number[])[]) => {
  const consumed: number[] = []
  const inbox = new TcpInbox((bytes) => consumed.push(bytes))
  for (const chunk of chunks) inbox.push(Uint8Array.from(chunk))
  return { inbox, consumed }
}
const filled = (inbox: TcpInbox, size: number, peek = false): readonly number[] => {
  const into = new Uint8Array(size)
  return [...into.subarray(0, inbox.fill(into, peek))]
}

describe('the read side of a TCP connection', () => {
  it('fills a buffer across chunks, and leaves what does not fit', () => {
    const { inbox } = inboxOf([1, 2, 3], [4, 5], [6])
    expect(filled(inbox, 4)).toEqual([1, 2, 3, 4])
    expect(inbox.length).toBe(2)
    expect(filled(inbox, 9)).toEqual([5, 6])
    expect(filled(inbox, 9)).toEqual([])
  })

  it('shows what it keeps when it is peeked at', () => {
    const { inbox, consumed } = inboxOf([1, 2], [3])
    expect(filled(inbox, 9, true)).toEqual([1, 2, 3])
    expect(filled(inbox, 2, true)).toEqual([1, 2])
    expect([inbox.length, inbox.bytesRead, consumed]).toEqual([3, 0, []])
  })

  it('opens the window once the reader has caught up, and after 16 KiB where it has not', () => {
    const { inbox, consumed } = inboxOf(new Array<number>(20_000).fill(7), [8])
    filled(inbox, 10_000)
    expect(consumed).toEqual([])
    filled(inbox, 9_000)
    expect(consumed).toEqual([19_000])
    filled(inbox, 9_000)
    expect(consumed).toEqual([19_000, 1001])
  })

  it('mixes with taking whole chunks', () => {
    const { inbox } = inboxOf([1, 2, 3], [4])
    filled(inbox, 1)
    expect([...inbox.take()!]).toEqual([2, 3])
    expect(filled(inbox, 5)).toEqual([4])
    expect(inbox.take()).toBeUndefined()
  })

  it('stays in order for a reader who never catches up', () => {
    const { inbox } = inboxOf([0], [1])
    const seen = Array.from({ length: 2000 }, (_, i) => {
      inbox.push(Uint8Array.of((i + 2) & 255))
      return filled(inbox, 1)[0]
    })
    expect(seen).toEqual(seen.map((_, i) => i & 255))
  })
})
