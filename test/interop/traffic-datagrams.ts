/**
 * Runs on the far host: a UDP server that says back what it hears, and a name server for one domain, of which it knows
 * the name `far`.
 */
import { createSocket } from 'node:dgram'
import { type Answer, decode, encode } from 'dns-packet'
import { PORT } from './traffic-ports.ts'

const [domain, address] = process.argv.slice(2) as [string, string]

const serve = (port: number, answer: (data: Buffer) => Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.on('message', (data, from) => socket.send(answer(data), from.port, from.address))
    socket.bind(port, resolve)
  })

const namesOf = (data: Buffer): Uint8Array => {
  const { id, questions = [] } = decode(data)
  const [question] = questions
  const isKnown = question?.name.toLowerCase() === `far.${domain}`
  const answers: Answer[] =
    isKnown && question.type === 'A' ? [{ type: 'A', name: question.name, ttl: 60, data: address }] : []
  return encode({ type: 'response', id, flags: AUTHORITATIVE | (isKnown ? 0 : NO_SUCH_NAME), questions, answers })
}

const AUTHORITATIVE = 0x0400
const NO_SUCH_NAME = 3

await serve(PORT.echo, (data) => data)
await serve(PORT.names, namesOf)
console.log('listening')
