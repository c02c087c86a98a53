import { describe, expect, it } from 'vitest'
import { IDLE, UdpFlows } from '../../../src/cli/traffic/tunnel/udp-flows.ts'
import { VirtualClock } from '../../../src/testing.node.ts'

const setUp = (most?: number) => {
  const clock = new VirtualClock()
  const log: string[] = []
  const used = new Map<string, () => void>()
  const flows = new UdpFlows<string>(
    async (client, onAnswer) => {
      log.push(`open ${client}`)
      used.set(client, onAnswer)
      return {
        send: (data) => log.push(`${client} ${Buffer.from(data)}`),
        close: () => log.push(`close ${client}`),
      }
    },
    clock,
    most,
  )
  const say = async (client: string, word: string): Promise<void> => {
    flows.send(client, client, Buffer.from(word))
    await new Promise(setImmediate)
  }
  return { clock, log, flows, say, used }
}

describe('the clients of a forwarded UDP port', () => {
  it('have a socket each, and keep what they said before it stood', async () => {
    const { log, flows, say } = setUp()
    flows.send('a', 'a', Buffer.from('1'))
    await say('a', '2')
    await say('b', '3')
    expect(log).toEqual(['open a', 'a 1', 'a 2', 'open b', 'b 3'])
    flows.close()
    expect(log.slice(5)).toEqual(['close a', 'close b'])
    expect(flows.size).toBe(0)
  })

  it('are forgotten when nothing was said either way, not before', async () => {
    const { clock, log, flows, say, used } = setUp()
    await say('a', '1')
    await say('b', '1')
    clock.runTo(clock.start + IDLE / 2)
    used.get('b')!()
    clock.runTo(clock.start + IDLE)
    expect(log.at(-1)).toBe('close a')
    expect(flows.size).toBe(1)
    clock.runTo(clock.start + IDLE * 1.5)
    expect(log.at(-1)).toBe('close b')
    expect(clock.next).toBeUndefined()
  })

  it('give way to new ones beyond a bound, the one silent for longest first', async () => {
    const { log, flows, say } = setUp(2)
    for (const client of ['a', 'b', 'a', 'c']) await say(client, 'x')
    expect(log.filter((line) => line.startsWith('close'))).toEqual(['close b'])
    expect(flows.size).toBe(2)
    flows.close()
  })
})
