import { parseIp } from '../src/protocol/kernel/ip.ts'
import { seededRandom } from '../src/protocol/kernel/rng.ts'
import { sum } from '../src/tcpip/checksum.ts'
import type { Ip, IpOutput } from '../src/tcpip/ip-output.ts'
import type { StackOutput } from '../src/tcpip/stack-io.ts'
import { createTcp } from '../src/tcpip/tcp/create-tcp.ts'
import type { Tcp } from '../src/tcpip/tcp/tcp.ts'

/**
 * Two TCPs in memory, one bulk stream: what TCP alone costs per segment, both sides together, beside the cost of the
 * checksums it has to compute. `node bench/tcp.ts [MTU] [seconds]`
 */
const mtu = Number(process.argv[2] ?? 2800)
const seconds = Number(process.argv[3] ?? 3)

const ip = (text: string): Ip => ({ family: 4, bytes: parseIp(text)!, text })
interface Host {
  readonly ip: Ip
  readonly tcp: Tcp
  readonly inbox: Uint8Array[]
}
let now = 1_700_000_000_000
let received = 0
let segments = 0
let acks = 0
const host = (text: string, peer: () => Host, react: (o: StackOutput) => void, seed: number): Host => {
  const own = ip(text)
  const output: IpOutput = {
    allocate: (_flow, length) => new Uint8Array(length + 84).subarray(84),
    send: (_flow, area) => {
      if (area.length > 100) segments++
      else acks++
      peer().inbox.push(area)
      return undefined
    },
    mtu: () => mtu,
    lowerMtu: () => undefined,
    confirm: () => undefined,
    doubt: () => undefined,
    waits: () => false,
    source: () => own,
    address: ip,
    isLocal: (other) => other.text === text,
    isGroup: () => false,
  }
  const tcp = createTcp({ ip: output, random: seededRandom(seed), out: react, trustLink: false })
  return { ip: own, tcp, inbox: [] }
}

const chunk = new Uint8Array(65_536).fill(85)
const wants: string[] = []
const a: Host = host(
  '10.0.0.1',
  () => b,
  (o) => {
    if (o._tag === 'Opened' || o._tag === 'Writable') wants.push('write')
    else if (o._tag === 'Wrote' && o.bytes > 0) wants.push('write')
  },
  1,
)
const b: Host = host(
  '10.0.0.2',
  () => a,
  (o) => {
    if (o._tag === 'Data') {
      received += o.data.length
      b.tcp.call({ call: 'consume', id: o.id, bytes: o.data.length }, now)
    }
  },
  2,
)

const pump = (to: Host, from: Host): boolean => {
  const segmentsNow = to.inbox.splice(0, 32)
  for (const s of segmentsNow) to.tcp.input(to.ip, from.ip, s, now)
  if (to.tcp.deadline() <= now) to.tcp.tick(now)
  else to.tcp.flush(now)
  return segmentsNow.length > 0
}
b.tcp.call({ call: 'listen', id: 1, port: 80, backlog: 1, options: {}, nextId: () => 2 }, now)
a.tcp.call({ call: 'connect', id: 1, remote: { address: '10.0.0.2', port: 80 }, options: {}, deadline: Infinity }, now)
a.tcp.flush(now)

const run = (ms: number): { readonly took: number; readonly bytes: number; readonly segments: number } => {
  const start = performance.now()
  const [bytesBefore, segmentsBefore] = [received, segments]
  const base = now
  for (let took = 0; took < ms; took = performance.now() - start) {
    for (let i = 0; i < 64; i++) {
      now = base + (performance.now() - start)
      const moved = [pump(b, a), pump(a, b)]
      while (wants.length > 0) {
        wants.shift()
        a.tcp.call({ call: 'write', id: 1, data: chunk }, now)
      }
      a.tcp.flush(now)
      if (!moved[0] && !moved[1]) now = Math.max(now, Math.min(a.tcp.deadline(), b.tcp.deadline()))
    }
  }
  return { took: performance.now() - start, bytes: received - bytesBefore, segments: segments - segmentsBefore }
}
const sums = (): number => {
  const payload = new Uint8Array(mtu)
  const start = performance.now()
  let total = 0
  for (let i = 0; i < 100_000; i++) total += sum(payload)
  return total >= 0 ? ((performance.now() - start) * 1e6) / 100_000 : 0
}
run(1000)
const r = run(seconds * 1000)
const calibration = sums()
const perSegment = (r.took * 1e6) / r.segments
console.log(
  `MTU ${mtu}: ${((r.bytes * 8) / r.took / 1e6).toFixed(2)} Gbit/s, ${perSegment.toFixed(0)} ns per segment (both sides),`,
  `${(perSegment / calibration).toFixed(1)} checksums of ${calibration.toFixed(0)} ns, ${(acks / segments).toFixed(2)} ACKs per segment`,
)
