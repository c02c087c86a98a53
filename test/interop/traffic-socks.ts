/**
 * Runs on the near host: a client of SOCKS5's UDP ASSOCIATE (RFC 1928) written from the standard alone. Sends datagrams
 * by the proxy to a host and a port, and prints the answers with where they came from, as JSON.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv4 } from 'node:net'

const [proxy, host, port] = process.argv.slice(2) as [string, string, string]
/** Datagrams, each answered before the next. */
const COUNT = 10

/** ATYP, DST.ADDR, DST.PORT: RFC 1928 §5. */
const place = (host: string, port: number): Buffer => {
  const address = isIPv4(host) ? [1, ...host.split('.').map(Number)] : [3, host.length, ...Buffer.from(host)]
  return Buffer.from([...address, port >> 8, port & 0xff])
}
/** The IPv4 address and port at an offset. */
const placeAt = (bytes: Buffer, at: number): { readonly host: string; readonly port: number } => {
  if (bytes[at] !== 1) throw new Error(`address type ${bytes[at]}`)
  return { host: bytes.subarray(at + 1, at + 5).join('.'), port: bytes.readUInt16BE(at + 5) }
}

const alarm = setTimeout(() => {
  console.error(`${answers.length} of ${COUNT} datagrams were answered`)
  process.exit(1)
}, 20_000)
const answers: unknown[] = []
const connection = connect(Number(proxy), '127.0.0.1')
const said = async (bytes: Uint8Array): Promise<Buffer> => {
  connection.write(bytes)
  const [answer] = await once(connection, 'data')
  return answer
}
const method = await said(Buffer.of(5, 1, 0))
if (!method.equals(Buffer.of(5, 0))) throw new Error(`no method: ${method.toString('hex')}`)
const reply = await said(Buffer.concat([Buffer.of(5, 3, 0), place('0.0.0.0', 0)]))
if (reply[0] !== 5 || reply[1] !== 0) throw new Error(`reply ${reply.toString('hex')}`)
const relay = placeAt(reply, 3)

const socket = createSocket('udp4')
for (let i = 0; i < COUNT; i++) {
  const datagram = Buffer.concat([Buffer.of(0, 0, 0), place(host, Number(port)), Buffer.from(`datagram ${i}`)])
  socket.send(datagram, relay.port, relay.host)
  const [answer] = (await once(socket, 'message')) as [Buffer]
  const { host: from, port: fromPort } = placeAt(answer, 3)
  answers.push(`${from}:${fromPort} ${answer.subarray(10).toString()}`)
}
console.log(JSON.stringify(answers))
clearTimeout(alarm)
socket.close()
connection.destroy()
