import { expect, it } from 'vitest'
import { HostedController, type RemoteTrace } from '../../src/api/controller.ts'
import { parseNetworkId } from '../../src/protocol/kernel/id.ts'
import { virtualNet } from '../../src/testing.node.ts'
import { openNetwork } from '../support/virtual-pair.ts'

it('a controller hears from members what their rules decided, and from nobody else', async () => {
  await using net = virtualNet({ seed: 51 })
  await net.root()
  const controller = await net.controller()
  const hosted = await controller.create({ ...openNetwork, private: true })
  const [alice, bob] = [await net.node(), await net.node()]
  for (const node of [alice, bob]) await controller.authorize(hosted.id, node.id)
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))
  const traces: RemoteTrace[] = []
  controller.traces$.subscribe((trace) => traces.push(trace))
  await net.until(a.ping(b.address(4)!, { count: 1 })[Symbol.asyncIterator]().next())
  expect(traces).toEqual([])

  if (!(controller instanceof HostedController)) throw new Error('no controller of this library')
  const change = { remoteTraceTarget: controller.node.id, remoteTraceLevel: 15 }
  await controller.command({ _tag: 'UpdateNetwork', network: parseNetworkId(hosted.id)!, change })
  await net.advance(2_000)
  traces.length = 0
  await net.until(a.ping(b.address(4)!, { count: 1 })[Symbol.asyncIterator]().next())
  await net.advance(1_000)
  const filters = traces.filter(({ event, network }) => event === '2006' && network === hosted.id)
  // the echo and its answer, each as it left and as it came
  const said = (node: string, inbound: string): number =>
    filters.filter(({ member, fields }) => member === node && text(fields.get('filterInbound')) === inbound).length
  for (const node of [alice.id, bob.id])
    for (const inbound of ['0', '1']) expect(said(node, inbound)).toBeGreaterThan(0)

  await controller.deauthorize(hosted.id, bob.id)
  const before = traces.length
  await net.advance(5_000)
  expect(traces.slice(before).filter(({ member }) => member === bob.id)).toEqual([])
})

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
