import { readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { replay, type VirtualNet } from '../../src/testing.node.ts'
import { openNetwork } from '../support/virtual-pair.ts'

/** A test that expects too much: all of five datagrams, sent through bad weather. */
export const failing = async (net: VirtualNet): Promise<void> => {
  await net.root()
  const controller = await net.controller()
  const hosted = await controller.create(openNetwork)
  const at = () => ({ on: net.segment({ latency: 20, jitter: 5, loss: 0.1, reorder: 0.1, duplicate: 0.05 }) })
  const [alice, bob] = [await net.node(at()), await net.node(at())]
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 120_000)
  const inbox = await b.bind({ port: 5000 })
  const heard = new Set<number>()
  inbox.messages$.subscribe(({ data }) => heard.add(data[0]!))
  const outbox = await a.bind()
  for (let i = 0; i < 5; i++) {
    await outbox.send(new Uint8Array([i]), { host: b.address(4)!, port: 5000 })
    await net.advance(500)
  }
  if (heard.size < 5) throw new Error(`Bob heard ${heard.size} of 5`)
}

/** Run with a file it replays that, and leaves its own recording beside it. */
const [, , file] = argv
if (file?.endsWith('.pcapng') === true) {
  const again = await replay(readFileSync(file), failing)
  writeFileSync(`${file}.again`, again.file)
  console.log(again.failure)
}
