import type { TraceRecord } from 'rxzt'
import { virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { openNetwork } from '../support/virtual-pair.ts'

/** Two members who ping each other for half a minute, behind NATs of a kind or none, and what the trace of one says. */
const told = async (nat: 'symmetric' | undefined) => {
  await using net = virtualNet({ seed: 31 })
  await net.root()
  const controller = await net.controller()
  const hosted = await controller.create(openNetwork)
  const place = () => (nat === undefined ? net.segment({ latency: 5 }) : net.nat(nat))
  const [alice, bob] = [await net.node({ on: place() }), await net.node({ on: place() })]
  const records: TraceRecord[] = []
  alice.trace$.subscribe((record) => records.push(record))
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 60_000)
  const replies = a.ping(b.address(4)!, { count: 30, interval: 1_000 })[Symbol.asyncIterator]()
  for (let i = 0; i < 30; i++) await net.until(replies.next(), 10_000)
  const about = records.filter(({ scope, data }) => scope === 'vl1' && data?.['peer'] === bob.id && 'reason' in data)
  return { alice, bob, records, about }
}

describe('trace$', () => {
  it('says why a peer is not reached directly, once for each reason, and when it is', async () => {
    const { alice, bob, records, about } = await told(undefined)
    expect(about.map(({ data }) => data!['reason'])).toEqual(['trying'])
    expect(about[0]).toMatchObject({
      level: 'info',
      message: `no direct path to ${bob.id}: endpoints are being tried`,
    })
    expect(records.filter(({ message }) => message === `direct path to ${bob.id}`)).toHaveLength(1)
    expect(alice.id).not.toBe(bob.id)
  })

  it('says of two nodes behind symmetric NATs that what was tried does not answer', async () => {
    const { about } = await told('symmetric')
    expect(about.at(-1)!.data!['reason']).toBe('silent')
    expect(about.length).toBeLessThanOrEqual(4)
  })
})
