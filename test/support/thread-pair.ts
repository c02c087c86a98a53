import type { ThreadPort } from '../../src/api/worker/thread-port.ts'

/** Both ends of a channel within one thread: everything is cloned on the way, as between two, and nothing is late. */
export const threadPair = (): readonly [ThreadPort, ThreadPort] => {
  const hears: ((batch: readonly unknown[]) => void)[] = []
  const end = (mine: 0 | 1): ThreadPort => ({
    post: (batch, transfer) => {
      const cloned = structuredClone(batch, { transfer: [...transfer] })
      queueMicrotask(() => hears[1 - mine]?.(cloned))
    },
    listen: (hear) => {
      hears[mine] = hear
    },
  })
  return [end(0), end(1)]
}
