import { describe, expect, it } from 'vitest'
import { networkEvents } from '../../src/streams/event.ts'
import type { Mac, NetworkId, NodeId } from '../../src/streams/public-id.ts'
import { endedState, type NetworkState } from '../../src/streams/snapshot.ts'

const state: NetworkState = {
  id: '8056c2e21c000001' as NetworkId,
  name: '',
  mac: '02:00:00:00:00:01' as Mac,
  mtu: 2800,
  status: 'requesting',
  type: 'private',
  broadcast: false,
  bridge: false,
  dhcp: false,
  revision: 0,
  addresses: [],
  routes: [],
  multicastGroups: [],
  controller: '8056c2e21c' as NodeId,
}
const v4 = { address: '10.0.0.1', bits: 24, family: 4 } as const
const v6 = { address: 'fd00::1', bits: 64, family: 6 } as const
const ready: NetworkState = { ...state, status: 'ready', addresses: [v4] }
const types = (before: NetworkState | undefined, after: NetworkState): readonly string[] =>
  networkEvents(before, after, 1).map((event) => event.type)

describe('what users hear of a network', () => {
  const cases: readonly [
    what: string,
    before: NetworkState | undefined,
    after: NetworkState,
    expected: readonly string[],
  ][] = [
    ['a join', undefined, state, ['network/requesting']],
    ['nothing new', state, { ...state }, []],
    ['another revision of the same', ready, { ...ready, revision: 2 }, []],
    ['a refusal', state, { ...state, status: 'denied' }, ['network/denied']],
    ['a refusal after a while', ready, { ...ready, status: 'denied' }, ['network/denied']],
    ['authorisation without an address', state, { ...state, status: 'ok' }, ['network/ok']],
    ['authorisation with an address', state, ready, ['network/ok', 'address/added', 'network/ready']],
    ['an address later', { ...state, status: 'ok' }, ready, ['address/added', 'network/ready', 'network/update']],
    ['a second family', ready, { ...ready, addresses: [v4, v6] }, ['address/added', 'network/ready', 'network/update']],
    [
      'another address of the family',
      ready,
      { ...ready, addresses: [{ ...v4, address: '10.0.0.2' }] },
      ['address/removed', 'address/added', 'network/update'],
    ],
    ['a route', ready, { ...ready, routes: [{ target: v4, flags: 0, metric: 0 }] }, ['route/added', 'network/update']],
    ['a log-in that ended', ready, { ...ready, status: 'auth-required' }, ['network/auth-required']],
    [
      'another place to log in',
      { ...state, status: 'auth-required' },
      { ...state, status: 'auth-required', authentication: { url: 'https://login.example/' } },
      ['network/update'],
    ],
    ['an exclusion', ready, { ...ready, status: 'denied', addresses: [] }, ['network/denied', 'address/removed']],
    ['the end', ready, endedState(ready), ['address/removed', 'network/down']],
    ['the end of what never began', state, endedState(state), ['network/down']],
  ]
  it.each(cases)('%s', (_what, before, after, expected) => {
    expect(types(before, after)).toEqual(expected)
  })

  it('names what an update changed', () => {
    expect(networkEvents(ready, { ...ready, name: 'office', mtu: 1400 }, 7)).toEqual([
      { type: 'network/update', at: 7, changed: ['name', 'mtu'], network: { ...ready, name: 'office', mtu: 1400 } },
    ])
  })
})
