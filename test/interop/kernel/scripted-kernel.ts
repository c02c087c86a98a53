import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { mac, readU48, writeU48 } from '../../../src/protocol/kernel/id.ts'
import type { SocketErrorCode, StackCall, StackOutput } from '../../../src/tcpip/stack-io.ts'
import { OWN, PEER, type World } from '../../tcpip/conformance/world.ts'

/** What the driver says: its time, and what has happened since the last question. */
interface Answer {
  readonly now: number
  readonly frames: readonly string[]
  readonly news: readonly {
    readonly id: number
    readonly _tag: string
    readonly listener?: number
    readonly port?: number
    readonly data?: string
    readonly bytes?: number
    readonly code?: SocketErrorCode
  }[]
}

/**
 * The kernel's stack in the place of ours: the same scripts are played against it, in real time, to judge the cases. Its
 * driver is asked through named pipes, so that a script need not wait for promises. Closed by `close`.
 */
export const scriptedKernel = (
  family: 4 | 6,
  onFrame: (frame: Frame) => void,
  onOutput: (output: StackOutput) => void,
): World & { readonly close: () => void } => {
  const [k, n] = [`rx${process.pid}S`, `rx${process.pid}P`]
  const ip = (line: string): void => void execFileSync('ip', line.split(' '))
  for (const line of [
    `netns add ${k}`,
    `netns add ${n}`,
    `-n ${k} link add va type veth peer name vb netns ${n}`,
    `-n ${k} link set va mtu 9000 up`,
    `-n ${k} addr add 10.9.0.1/24 dev va`,
    `-n ${n} link set vb mtu 9000 up`,
    `-n ${n} addr add 10.9.0.2/24 dev vb`,
    `-n ${k} link add vx0 address 02:00:00:00:00:01 type vxlan id 42 local 10.9.0.1 remote 10.9.0.2 dstport 4789 nolearning`,
    `-n ${k} link set vx0 mtu 2800 up`,
    `-n ${k} addr add ${OWN[4]}/24 dev vx0`,
    `-n ${k} addr add ${OWN[6]}/64 dev vx0 nodad`,
    // else the kernel learns of the peer from nobody's question
    `-n ${k} neigh add ${PEER[4]} lladdr 02:00:00:00:00:02 dev vx0`,
    `-n ${k} neigh add ${PEER[6]} lladdr 02:00:00:00:00:02 dev vx0`,
  ])
    ip(line)
  ip(`netns exec ${k} ethtool -K vx0 tx off tso off gso off`)
  ip(`netns exec ${k} sysctl -q -w net.ipv4.tcp_congestion_control=reno`)
  // its scale is ours then: 7
  execFileSync('ip', ['netns', 'exec', k, 'sysctl', '-q', '-w', 'net.ipv4.tcp_rmem=4096 131072 4194304'])
  const folder = mkdtempSync(join(tmpdir(), 'rxzt-script-'))
  const [asking, answering] = [join(folder, 'asking'), join(folder, 'answering')]
  execFileSync('mkfifo', [asking, answering])
  const driver = spawn(
    'python3',
    [fileURLToPath(new URL('scripted-kernel.py', import.meta.url)), k, n, asking, answering],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  const [to, from] = [openSync(asking, 'w'), openSync(answering, 'r')]
  let unread = ''
  let now = 0
  const chunk = Buffer.alloc(1 << 20)
  const ask = (question: unknown): Answer => {
    writeSync(to, `${JSON.stringify(question)}\n`)
    while (!unread.includes('\n')) unread += chunk.toString('utf8', 0, readSync(from, chunk))
    const end = unread.indexOf('\n')
    const answer: Answer = JSON.parse(unread.slice(0, end))
    unread = unread.slice(end + 1)
    now = answer.now
    return answer
  }
  const take = ({ frames, news }: Answer): void => {
    for (const text of frames) {
      const b = new Uint8Array(Buffer.from(text, 'hex'))
      const etherType = (b[12]! << 8) | b[13]!
      onFrame({ to: mac(readU48(b, 0)), from: mac(readU48(b, 6)), etherType, payload: b.slice(14) })
    }
    for (const { id, _tag, port = 0, listener = 0, data = '', bytes = 0, code = 'EINVAL' } of news) {
      const local = { address: OWN[family], port: _tag === 'Accepted' ? 80 : port }
      const remote = { address: PEER[family], port }
      if (_tag === 'Accepted') onOutput({ _tag, id, listener, local, remote })
      else if (_tag === 'Opened') onOutput({ _tag, id, local })
      else if (_tag === 'Data') onOutput({ _tag, id, data: new Uint8Array(Buffer.from(data, 'hex')) })
      else if (_tag === 'Wrote') onOutput({ _tag, id, bytes })
      else if (_tag === 'Ended') onOutput({ _tag, id })
      else if (_tag === 'SoftError') onOutput({ _tag, id, code })
      else onOutput({ _tag: 'Failed', id, code })
    }
  }
  const plans: { readonly at: number; readonly act: () => void }[] = []
  const call = (one: StackCall): void => {
    const given = 'data' in one ? { ...one, data: Buffer.from(one.data).toString('hex') } : one
    const to = 'remote' in one ? { to: one.remote.address, port: one.remote.port } : {}
    const from = one.call === 'connect' ? { from: one.local?.port } : {}
    const ids = one.call === 'listen' ? { ids: Array.from({ length: 50 }, one.nextId) } : {}
    take(ask({ do: 'call', c: { ...given, family, ...to, ...from, ...ids } }))
  }
  return {
    ...{ family, own: OWN[family], peer: PEER[family] },
    ...{ tolerance: TOLERANCE, settling: 100, isUntold: (news) => /^(closed|state|drop|opened)\b/.test(news) },
    now: () => Math.round(now),
    input: () => undefined,
    call: (...all) => all.forEach(call),
    hear: (...frames) =>
      take(
        ask({
          do: 'send',
          frames: frames.map((frame) => {
            const b = Buffer.alloc(14 + frame.payload.length)
            writeU48(b, 0, frame.to)
            writeU48(b, 6, frame.from)
            b.writeUInt16BE(frame.etherType, 12)
            b.set(frame.payload, 14)
            return b.toString('hex')
          }),
        }),
      ),
    configure: () => undefined,
    run: (until, stop) => {
      // what is left to the end of a case is for stacks whose time is their own
      if (until - now > LONGEST) return
      while (stop?.() !== true && now < until) {
        const plan = plans[0]
        if (plan !== undefined && plan.at <= now) {
          plans.shift()
          plan.act()
        } else take(ask({ do: 'run', until: Math.min(until, plan?.at ?? until) }))
      }
    },
    later: (ms, act) => {
      plans.push({ at: now + ms, act })
      plans.sort((a, b) => a.at - b.at)
    },
    deadline: () => Infinity,
    sizes: () => ({ neighbours: 0, fragments: 0, fragmentBytes: 0 }),
    start: () => void ask({ do: 'zero' }),
    close: () => {
      driver.kill('SIGKILL')
      for (const file of [to, from]) closeSync(file)
      rmSync(folder, { recursive: true })
      for (const ns of [k, n]) ip(`netns del ${ns}`)
    },
  }
}

/** How far from the script's time something may happen, in ms; on a busy machine more is needed. */
const TOLERANCE = Number(process.env['RXZT_TOLERANCE'] ?? 20)
const LONGEST = 200_000
