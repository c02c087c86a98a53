import { expect, it } from 'vitest'
import type { ZtEvent } from '../../src/streams/event.ts'
import { EventLog } from '../../src/streams/event-log.ts'
import type { NodeId } from '../../src/streams/public-id.ts'

const node = { id: '1122334455' as NodeId, version: '1.14.1', online: true, ports: { primary: 1 }, endpoints: [] }
const event = (at: number): ZtEvent => ({ type: 'node/online', at, node })

/** When the events were that a subscriber gets who comes after all of these. */
const heard = (...times: readonly number[]): readonly number[] => {
  const log = new EventLog()
  for (const at of times) log.add(event(at))
  const seen: number[] = []
  log.event$.subscribe(({ at }) => seen.push(at))
  log.add(event(1_000_000))
  log.end()
  return seen
}

it('keeps what happened before anybody subscribed, for the first who does', () => {
  expect(heard(1, 2, 60_001)).toEqual([1, 2, 60_001, 1_000_000])
})

it('keeps nothing of it if nobody comes within a minute', () => {
  expect(heard(1, 2, 60_002, 60_003)).toEqual([1_000_000])
})

it('keeps no more than it may, and gives it to one subscriber only', () => {
  const log = new EventLog()
  for (let i = 0; i < 2000; i++) log.add(event(i))
  const seen: number[] = []
  log.event$.subscribe(({ at }) => seen.push(at))
  expect([seen.length, seen.at(-1)]).toEqual([1024, 1023])
  const later: number[] = []
  log.event$.subscribe(({ at }) => later.push(at))
  expect(later).toEqual([])
})
