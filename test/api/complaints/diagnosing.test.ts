import type { TraceRecord } from 'rxzt'
import { virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { openNetwork } from '../../support/virtual-pair.ts'

/** "A quarter of my nodes never reach OK, and nobody can tell me why." */
describe('a node that does not get there', () => {
  it('"why is it not online?": the error says that no root answered', async () => {
    await using net = virtualNet({ seed: 51 })
    await net.root()
    const node = await net.node({ on: net.segment({ loss: 1 }) })
    await expect(net.until(node.online({ timeout: 5000 }))).rejects.toThrow(
      /ETIMEDOUT — no root answered; check that UDP/,
    )
  })

  it('"why does joining not end?": the error says what the network waits for, one sentence for each cause', async () => {
    await using net = virtualNet({ seed: 52 })
    const controller = await net.controller()
    const closed = await controller.create({ ...openNetwork, private: true })
    const { ipAssignmentPools: _, v6AssignMode: __, ...bare } = openNetwork
    const empty = await controller.create(bare)
    const node = await net.node()
    const why = (id: string): Promise<unknown> =>
      net.until(node.join(id, { timeout: 5000 }).catch(({ message }) => message))
    expect(await why(closed.id)).toMatch(/is still "denied"; authorise this node on the controller/)
    expect(await why(empty.id)).toMatch(/is still "ok"; the controller has assigned no address/)
    expect(await why('1122334455000001')).toMatch(/is still "requesting"; the controller was not reached/)
    expect(await why(`${controller.node.id}abcdef`)).toMatch(/does not exist on its controller — check the id/)
  })

  it('"why is it relayed?": the trace says it, once, and what is dropped is counted by its reason', async () => {
    await using net = virtualNet({ seed: 53 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const [alice, bob] = [await net.node({ on: net.nat('symmetric') }), await net.node({ on: net.nat('symmetric') })]
    const records: TraceRecord[] = []
    alice.trace$.subscribe((record) => records.push(record))
    const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))
    void a.ping(b.address(4)!)[Symbol.asyncIterator]().next()
    await net.advance(30_000)
    const why = records.filter(({ data }) => data?.['peer'] === bob.id && data['reason'] !== undefined)
    expect(why.length).toBeGreaterThan(0)
    expect(why[0]!.message).toMatch(/^no direct path to /)
    for (const [reason, count] of Object.entries(alice.stats.drops)) {
      expect(reason).toMatch(/^\w+\/[\w-]+$/)
      expect(count).toBeGreaterThan(0)
    }
  })
})
