/**
 * Two host stacks in one process: what IP and the sockets above it cost, without any network.
 *
 *     npx tsx bench/stack.ts [seconds]
 */
import { sum } from '../src/tcpip/checksum.ts'
import type { StackCall } from '../src/tcpip/stack-io.ts'
import { cpu, exchange, pair } from './host-pair.ts'

const seconds = Number(process.argv[2] ?? 2)
const MTU = 2800
const tcp = (address: string, mtu = MTU): void => {
  const [a, b] = pair(mtu)
  const chunk = new Uint8Array(256 * 1024)
  let got = 0
  let open = false
  let wants = false
  b.call({ call: 'listen', id: 1, port: 80, backlog: 1, options: {}, nextId: () => 2 })
  b.on = (output) => {
    if (output._tag !== 'Data') return
    got += output.data.length
    taken += output.data.length
  }
  let taken = 0
  a.on = (output) => {
    if (output._tag === 'Opened') {
      open = true
      wants = true
    }
    if (output._tag === 'Writable') wants = true
    if (output._tag === 'Wrote') wants = output.bytes === chunk.length
  }
  a.call({ call: 'connect', id: 1, remote: { address, port: 80 }, options: {}, deadline: performance.now() + 5000 })
  let begin = 0
  let cpuBegin = 0
  let at = 0
  const warm = performance.now() + 1000
  const end = warm + seconds * 1000
  for (let now = performance.now(); now < end; now = performance.now()) {
    if (begin === 0 && now >= warm) {
      begin = now
      cpuBegin = cpu()
      at = got
    }
    for (let i = 0; i < 50; i++) {
      if (open && wants) {
        wants = false
        a.call({ call: 'write', id: 1, data: chunk })
      }
      exchange([b, a])
      if (taken > 64 * 1024) {
        b.call({ call: 'consume', id: 2, bytes: taken })
        taken = 0
      }
    }
  }
  const bits = ((got - at) * 8) / ((performance.now() - begin) / 1000)
  const each = (cpu() - cpuBegin) / ((got - at) / (mtu - 52))
  console.log(`tcp ${address} MTU ${mtu}: ${(bits / 1e9).toFixed(2)} Gbit/s, ${each.toFixed(0)} ns of CPU per segment`)
}

const udp = (address: string, size: number): void => {
  const [a, b] = pair(MTU)
  let got = 0
  b.on = (output) => {
    if (output._tag === 'Datagram') got++
  }
  a.call({ call: 'bind', id: 1, port: 4000 })
  b.call({ call: 'bind', id: 1, port: 5000 })
  const to = { address, port: 5000 }
  const data = new Uint8Array(size)
  const calls: StackCall[] = new Array(32).fill({ call: 'send', id: 1, to, data })
  let begin = 0
  let cpuBegin = 0
  const warm = performance.now() + 1000
  const end = warm + seconds * 1000
  for (let now = performance.now(); now < end; now = performance.now()) {
    if (begin === 0 && now >= warm) {
      begin = now
      cpuBegin = cpu()
      got = 0
    }
    for (let i = 0; i < 50; i++) {
      a.call(...calls)
      while (exchange([b, a]));
    }
  }
  const rate = got / ((performance.now() - begin) / 1000)
  const each = (cpu() - cpuBegin) / got
  console.log(`udp ${address} ${size} B: ${(rate / 1000).toFixed(0)} k/s, ${each.toFixed(0)} ns of CPU each`)
}

const calibrate = (): void => {
  const bytes = new Uint8Array(2760)
  const begin = cpu()
  let total = 0
  for (let i = 0; i < 500_000; i++) total += sum(bytes)
  console.log(`checksum of 2760 B: ${((cpu() - begin) / 500_000).toFixed(0)} ns (${total})`)
}

calibrate()
tcp('10.0.0.2')
tcp('fd00::2')
tcp('10.0.0.2', 1280)
udp('10.0.0.2', 64)
udp('10.0.0.2', 1400)
udp('fd00::2', 1400)
