/**
 * Runs in a page: the vectors through the providers that need no Node, then a network of the built package, and tells
 * the server that it came from what it saw.
 */
import { virtualNet } from 'rxzt/testing'
import type { Checker, VectorFile } from '../support/checker.ts'
import { checkers } from './checkers.ts'
import type { Report } from './report.ts'

const judge = async ([name, checker]: readonly [string, Checker]): Promise<Report['vectors'][number]> => {
  const results = await checker((await (await fetch(`/vectors/${name}.json`)).json()) as VectorFile)
  const failed = results.flatMap(({ name, verdict }) => (verdict._tag === 'Passed' ? [] : [`${name}: ${verdict.why}`]))
  return { name, passed: results.length - failed.length, failed }
}

/** Root, controller and two members; one says something to the other over TCP. */
const echo = async (): Promise<string> => {
  await using net = virtualNet({ seed: 5 })
  await net.root()
  const controller = await net.controller()
  const { id } = await controller.create({
    private: false,
    v4AssignMode: { zt: true },
    ipAssignmentPools: [{ ipRangeStart: '10.1.0.1', ipRangeEnd: '10.1.0.9' }],
    routes: [{ target: '10.1.0.0/24' }],
  })
  const [alice, bob] = [await net.node(), await net.node()]
  const [here, there] = await net.until(Promise.all([alice.join(id), bob.join(id)]))
  const server = await net.until(here.listen({ port: 80 }))
  server.connections$.subscribe((socket) => void socket.end('hello from a page'))
  const socket = await net.until(there.connect({ host: here.address(4)!, port: 80 }))
  const { value } = await net.until(socket[Symbol.asyncIterator]().next())
  return new TextDecoder().decode(value)
}

const report = async (): Promise<Report> => {
  const vectors = []
  for (const one of Object.entries(checkers)) vectors.push(await judge(one))
  return { vectors, echo: await echo() }
}

const answer = await report().catch((error: unknown) => ({
  error: String(error instanceof Error ? error.stack : error),
}))
await fetch('/report', { method: 'POST', body: JSON.stringify(answer) })
