/**
 * As much of an iperf3 server as a client needs for one TCP test at a time, upwards or in reverse: a control connection
 * that speaks in single bytes and in JSON behind its length, and the streams, which begin with the cookie of the test.
 */
import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import { type Call, type Program, source } from './host-programs.ts'

/** What of the client's parameters matters here. */
interface Parameters {
  readonly parallel?: number
  readonly reverse?: boolean
}
interface Stream {
  readonly id: number
  cookieLeft: number
  bytes: number
  readonly sending: ReturnType<typeof source>
}

export const iperfServer = (call: Call): ((id: number) => Program) => {
  let control = -1
  let inbox = Buffer.alloc(0)
  let wants: 'cookie' | 'parameters' | 'end' | 'results' | 'done' = 'cookie'
  let parameters: Parameters = {}
  let streams: Stream[] = []
  let began = 0

  const say = (...data: readonly number[]): void => call({ call: 'write', id: control, data: Uint8Array.from(data) })
  /** The value of a JSON text that has arrived whole. */
  const json = (): Parameters | undefined => {
    const end = inbox.length < 4 ? Infinity : 4 + inbox.readUInt32BE(0)
    if (inbox.length < end) return undefined
    const text = inbox.toString('utf8', 4, end)
    inbox = inbox.subarray(end)
    return JSON.parse(text)
  }
  const results = (): Buffer => {
    const time = { start_time: 0, end_time: (performance.now() - began) / 1000 }
    const none = { retransmits: -1, jitter: 0, errors: 0, packets: 0, omitted_errors: 0, omitted_packets: 0 }
    // the first stream is 1, the next 3, 4 and so on
    const each = streams.map(({ bytes, sending }, i) => ({
      ...{ id: i === 0 ? 1 : i + 2, bytes: parameters.reverse === true ? sending.sent : bytes, ...none, ...time },
    }))
    const cpu = { cpu_util_total: 0, cpu_util_user: 0, cpu_util_system: 0 }
    const text = Buffer.from(JSON.stringify({ ...cpu, sender_has_retransmits: -1, streams: each }))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    return Buffer.concat([length, text])
  }
  const advance = (): void => {
    if (wants === 'cookie' && inbox.length >= COOKIE) {
      inbox = inbox.subarray(COOKIE)
      wants = 'parameters'
      say(PARAM_EXCHANGE)
    }
    if (wants === 'parameters') {
      const found = json()
      if (found === undefined) return
      parameters = found
      wants = 'end'
      say(CREATE_STREAMS)
    }
    if (wants === 'end' && inbox[0] === TEST_END) {
      inbox = inbox.subarray(1)
      for (const { sending } of streams) sending.stop()
      wants = 'results'
      say(EXCHANGE_RESULTS)
    }
    if (wants === 'results' && json() !== undefined) {
      wants = 'done'
      call({ call: 'write', id: control, data: results() })
      say(DISPLAY_RESULTS)
    }
    if (wants === 'done' && inbox[0] === IPERF_DONE) for (const { id } of streams) call({ call: 'close', id })
  }
  const onControl: Program = (o) => {
    if (o._tag === 'Data') {
      inbox = Buffer.concat([inbox, o.data])
      call({ call: 'consume', id: control, bytes: o.data.length })
      advance()
    } else if (o._tag === 'Ended') call({ call: 'close', id: control })
    else if (o._tag === 'Closed' || o._tag === 'Failed') control = -1
  }
  const onStream = (stream: Stream, o: StackOutput): void => {
    if (o._tag !== 'Data') {
      if (parameters.reverse === true && o._tag !== 'Accepted') stream.sending(o)
      return
    }
    call({ call: 'consume', id: stream.id, bytes: o.data.length })
    const cookie = Math.min(stream.cookieLeft, o.data.length)
    stream.cookieLeft -= cookie
    stream.bytes += o.data.length - cookie
    if (cookie === 0 || streams.length < (parameters.parallel ?? 1) || streams.some((s) => s.cookieLeft > 0)) return
    began = performance.now()
    say(TEST_START, TEST_RUNNING)
    if (parameters.reverse === true) for (const { sending, id } of streams) sending({ _tag: 'Writable', id })
  }

  return (id) => {
    if (control < 0) {
      ;[control, inbox, wants, streams] = [id, Buffer.alloc(0), 'cookie', []]
      return onControl
    }
    const stream: Stream = { id, cookieLeft: COOKIE, bytes: 0, sending: source(call, id, Infinity) }
    streams.push(stream)
    return (o) => onStream(stream, o)
  }
}

const COOKIE = 37
const [TEST_START, TEST_RUNNING, TEST_END, PARAM_EXCHANGE, CREATE_STREAMS] = [1, 2, 4, 9, 10]
const [EXCHANGE_RESULTS, DISPLAY_RESULTS, IPERF_DONE] = [13, 14, 16]
