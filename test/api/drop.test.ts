import { Subject } from 'rxjs'
import { createNode, type Drop, type Link, type LinkDatagram, type LocalSocket } from 'rxzt'
import { fixtures, virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { openNetwork } from '../support/virtual-pair.ts'

/** A link that only hears what the test says. */
const scripted = () => {
  const incoming$ = new Subject<readonly LinkDatagram[]>()
  const sent: Uint8Array[] = []
  const link: Link = {
    name: 'scripted',
    incoming$,
    local$: new Subject<readonly LocalSocket[]>(),
    send: (batch) => sent.push(...batch.map(({ data }) => data)),
    close: async () => incoming$.complete(),
  }
  const local = link.local$ as Subject<readonly LocalSocket[]>
  return {
    link,
    sent,
    bind: () => local.next([{ socket: 1, address: '192.0.2.1', port: 9993 }]),
    hear: (data: Uint8Array) => incoming$.next([{ data, from, socket: 1 }]),
  }
}
const from = { address: '192.0.2.66', port: 1000 }

describe('what is dropped', () => {
  it('is shown with its reason, is counted, and changes nothing else', async () => {
    const { link, sent, bind, hear } = scripted()
    const starting = createNode({ identity: fixtures.identities[5]!, link })
    await Promise.resolve()
    const binding = setInterval(bind, 1)
    await using node = await starting
    clearInterval(binding)
    const drops: Drop[] = []
    node.drop$.subscribe((drop) => drops.push(drop))
    const before = sent.length
    const self = Buffer.from(node.id, 'hex')
    const header = (destination: Uint8Array, source: Uint8Array) =>
      Buffer.concat([Buffer.alloc(8, 7), destination, source, Buffer.alloc(10)])

    hear(new Uint8Array(0))
    hear(new Uint8Array(12))
    hear(header(self, self))
    hear(Buffer.concat([header(self, Buffer.from('1122334455', 'hex')), Buffer.alloc(20_000)]))
    hear(header(Buffer.from('1122334455', 'hex'), Buffer.from('5544332211', 'hex')))

    expect(drops.map(({ layer, reason }) => `${layer}/${reason}`)).toEqual([
      'vl1/runt',
      'vl1/runt',
      'vl1/own-source',
      'vl1/oversized',
      'vl1/not-relaying',
    ])
    expect(drops[0]).toMatchObject({ from })
    expect(node.stats.drops).toEqual({
      'vl1/runt': 2,
      'vl1/own-source': 1,
      'vl1/oversized': 1,
      'vl1/not-relaying': 1,
    })
    expect(sent).toHaveLength(before)
    expect(node.peer('1122334455')).toBeUndefined()
  })

  it('includes what the IP stacks of the networks drop', async () => {
    await using net = virtualNet({ seed: 91 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const [a, b] = [await net.node(), await net.node()]
    const [here, there] = await net.until(Promise.all([a.join(hosted.id), b.join(hosted.id)]))
    const drops: Drop[] = []
    a.drop$.subscribe((drop) => drops.push(drop))
    const socket = await net.until(there.bind())
    await socket.send('nobody is there', { host: here.address(4)!, port: 9 })
    await net.advance(2000)
    const dropped = drops.find(({ layer }) => layer === 'stack')
    expect(dropped).toMatchObject({ network: hosted.id, reason: 'udp-no-port' })
    expect(a.stats.drops['stack/udp-no-port']).toBe(1)
  })
})
