import { createPlanet, createSigningKey } from 'rxzt/controller'
import { fixtures } from 'rxzt/testing'
import { createZts, type UdpSettings, type Zts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { staged } from './staged.ts'

const identity = fixtures.identities.at(-1)!
const publicHalf = identity.split(':').slice(0, 3).join(':')
const planet = createPlanet({
  id: 7n,
  timestamp: 1n,
  roots: [{ identity: publicHalf, endpoints: [{ address: '192.0.2.1', port: 9993 }] }],
  signingKey: createSigningKey(),
})

/** Each call with what it takes, and with what it does not. */
const calls: readonly (readonly [keyof Zts, readonly unknown[][], readonly unknown[][]])[] = [
  ['zts_init_from_storage', [['./home']], [[''], [null], ['a\0b'], [7]]],
  ['zts_init_from_memory', [[identity]], [[publicHalf], [''], [null], ['no identity']]],
  ['zts_init_set_event_handler', [[() => undefined]], [[null], ['handler']]],
  ['zts_init_set_port', [[0], [9993], [65_535]], [[-1], [65_536], [1.5], ['9993']]],
  [
    'zts_init_set_random_port_range',
    [
      [30_000, 31_000],
      [5, 5],
    ],
    [[31_000, 30_000], [0, 5], [1, 65_536], [1]],
  ],
  ['zts_init_allow_secondary_port', [[0], [1], [true]], [[2], [null]]],
  ['zts_init_allow_port_mapping', [[0], [1]], [[-1]]],
  ['zts_init_blacklist_if', [['eth'], ['en0']], [[''], ['sixteen-letters-'], [null]]],
  ['zts_init_set_roots', [[planet]], [[planet.slice(1)], [new Uint8Array(4097)], [null], [new Uint8Array(0)]]],
  ['zts_init_set_low_bandwidth_mode', [[1], [false]], [['yes']]],
  [
    'zts_init_set_tcp_relay',
    [['192.0.2.1', 443]],
    [
      ['fd00::1', 443],
      ['192.0.2.1', 0],
      ['relay', 443],
      [null, 1],
    ],
  ],
  ['zts_init_allow_tcp_relay', [[0], [1]], [[7]]],
  ['zts_init_force_tcp_relay', [[1], [0]], [[null]]],
  ['zts_init_allow_net_cache', [[0], [1]], [['0']]],
  ['zts_init_allow_peer_cache', [[0], [1]], [[undefined]]],
  ['zts_init_allow_roots_cache', [[0], [1]], [[3]]],
  ['zts_init_allow_id_cache', [[0], [1]], [[{}]]],
  ['zts_allow_network_caching', [[0], [1]], [[2]]],
  ['zts_allow_peer_caching', [[0], [1]], [[2]]],
  ['zts_set_peer_caching', [[0], [1]], [[2]]],
  ['zts_allow_local_conf', [[0], [1]], [[2]]],
  ['zts_disable_local_storage', [[1], [0]], [[2]]],
]

describe('what is said before the start', () => {
  it.each(calls)('%s takes what it may be, and nothing else', (name, right, wrong) => {
    const zts = createZts()
    const call = zts[name] as (...args: unknown[]) => unknown
    expect(right.map((args) => call(...args))).toEqual(right.map(() => zts.ZTS_ERR_OK))
    expect(wrong.map((args) => call(...args))).toEqual(wrong.map(() => zts.ZTS_ERR_ARG))
  })

  it('is refused once the node is started, whatever it is', async () => {
    await using stage = await staged(61)
    const zts = stage.make()
    const starting = zts.zts_node_start()
    const all = () => calls.flatMap(([name, [args = []]]) => (zts[name] as (...args: unknown[]) => unknown)(...args))
    const refused = calls.map(() => zts.ZTS_ERR_SERVICE)
    expect(all()).toEqual(refused)
    await stage.net.until(starting)
    expect(all()).toEqual(refused)
  })

  it('becomes the link that the node is given', async () => {
    const asked: UdpSettings[] = []
    const zts = createZts({
      link: (settings) => {
        asked.push(settings)
        throw new Error('no link')
      },
    })
    expect(await zts.zts_node_start()).toBe(zts.ZTS_ERR_SERVICE)
    zts.zts_init_set_port(7_000)
    zts.zts_init_set_random_port_range(30_000, 31_000)
    zts.zts_init_allow_secondary_port(0)
    zts.zts_init_allow_port_mapping(0)
    zts.zts_init_blacklist_if('eth')
    zts.zts_init_blacklist_if('wg')
    expect(await zts.zts_node_start()).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.error?.message).toBe('no link')
    expect(asked[0]).toMatchObject({ port: 0, secondary: true, portMapping: true })
    expect(asked[1]).toMatchObject({
      ...{ port: 7_000, portRange: [30_000, 31_000], secondary: false, portMapping: false },
    })
    const { interfaces } = asked[1]!
    expect(['eth0', 'wg1', 'en0', 'lo'].map(interfaces)).toEqual([false, false, true, true])
  })

  it('sends everything through the relay where that is what was asked for', async () => {
    await using stage = await staged(62)
    const { endpoint } = stage.net.tcpRelay()
    const zts = stage.make()
    zts.zts_init_set_tcp_relay(endpoint.address, endpoint.port)
    zts.zts_init_force_tcp_relay(1)
    let straight = 0
    await stage.net.until(zts.zts_node_start())
    const plain = stage.net.wire$.subscribe(({ from }) => {
      if (from.address === '100.64.0.3') straight++
    })
    await stage.net.advance(5_000)
    plain.unsubscribe()
    expect(straight).toBe(0)
  })
})
