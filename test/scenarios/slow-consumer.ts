/**
 * A sender that pushes as much as it may to a reader that sleeps for ten minutes, and then takes everything. In virtual
 * time, in a process of its own, because its memory is what matters. Prints what came of it as a line of JSON.
 *
 *     npx tsx test/scenarios/slow-consumer.ts BYTES
 */
import { createHash } from 'node:crypto'
import { argv } from 'node:process'
import type { TcpSocket } from 'rxzt'
import { virtualNet } from 'rxzt/testing'
import { openNetwork } from '../support/virtual-pair.ts'

export interface Outcome {
  readonly sent: number
  readonly received: number
  readonly intact: boolean
  /** Bytes that the sender got rid of while the reader slept. */
  readonly whileAsleep: number
  /** The most memory that the process had, in MiB. */
  readonly memory: number
}

const total = Number(argv[2])
const net = virtualNet({ seed: 6 })
const controller = await net.controller()
const hosted = await controller.create(openNetwork)
const at = () => ({ on: net.segment({ latency: 1 }) })
const [alice, bob] = [await net.node(at()), await net.node(at())]
const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))

const accepted = new Promise<TcpSocket>((resolve) => {
  void b.listen({ port: 5000 }).then((server) => server.connections$.subscribe(resolve))
})
const sender = await net.until(a.connect({ host: b.address(4)!, port: 5000 }))
const reader = await net.until(accepted)

/** Every chunk is another one, so that none can stand for another. */
const chunk = Buffer.alloc(64 * 1024)
const pushed = createHash('sha256')
const push = async (): Promise<void> => {
  for (let left = total; left > 0; left -= chunk.length) {
    chunk.fill(`${left} `)
    const piece = chunk.subarray(0, Math.min(left, chunk.length))
    pushed.update(piece)
    await sender.write(Uint8Array.from(piece))
  }
  await sender.end()
}
const pushing = push()
await net.advance(600_000)
const whileAsleep = sender.bytesWritten

const taken = createHash('sha256')
const take = async (): Promise<void> => {
  for await (const piece of reader) taken.update(piece)
}
await net.until(Promise.all([pushing, take()]), 24 * 3_600_000)
const outcome: Outcome = {
  sent: sender.bytesWritten,
  received: reader.bytesRead,
  intact: pushed.digest('hex') === taken.digest('hex'),
  whileAsleep,
  memory: Math.round(process.resourceUsage().maxRSS / 1024),
}
console.log(JSON.stringify(outcome))
await net[Symbol.asyncDispose]()
