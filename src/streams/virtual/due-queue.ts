import type { Millis } from '../../protocol/kernel/machine.ts'

/** Things to come, earliest first; those due at the same time in the order they were added. */
export interface DueQueue<T> {
  readonly add: (at: Millis, thing: T) => void
  /** `Infinity` when empty. */
  readonly firstAt: () => Millis
  /** The first thing due by `now`, if any. */
  readonly takeDue: (now: Millis) => T | undefined
}

interface Entry<T> {
  readonly at: Millis
  readonly order: number
  readonly thing: T
}

export const dueQueue = <T>(): DueQueue<T> => {
  const heap: Entry<T>[] = []
  let order = 0
  const before = (a: Entry<T>, b: Entry<T>): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
  const swap = (i: number, j: number): void => {
    const entry = heap[i]!
    heap[i] = heap[j]!
    heap[j] = entry
  }
  return {
    add: (at, thing) => {
      heap.push({ at, order: order++, thing })
      for (let i = heap.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1
        if (!before(heap[i]!, heap[parent]!)) break
        swap(i, parent)
        i = parent
      }
    },
    firstAt: () => heap[0]?.at ?? Number.POSITIVE_INFINITY,
    takeDue: (now) => {
      const first = heap[0]
      if (first === undefined || first.at > now) return undefined
      const last = heap.pop()!
      if (heap.length > 0) {
        heap[0] = last
        for (let i = 0; ; ) {
          const [left, right] = [2 * i + 1, 2 * i + 2]
          let least = i
          if (left < heap.length && before(heap[left]!, heap[least]!)) least = left
          if (right < heap.length && before(heap[right]!, heap[least]!)) least = right
          if (least === i) break
          swap(i, least)
          i = least
        }
      }
      return first.thing
    },
  }
}
