import { expect, it } from 'vitest'
import { address } from '../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { openSettings } from '../../src/protocol/network/local-settings.ts'
import { macOf, macScheme } from '../../src/protocol/network/mac.ts'
import type { AddressClaim } from '../../src/streams/event.ts'
import { RunningNetwork } from '../../src/streams/network.ts'
import { publicMac, publicNetworkId, publicNodeId } from '../../src/streams/public-id.ts'
import { VirtualClock } from '../../src/streams/virtual/virtual-clock.ts'
import { configFor, identityNamed, NETWORK } from '../support/vl2-network.ts'
import { arpRequest, STRANGER } from '../tcpip/craft.ts'
import { advertisement, prefix, servers } from '../tcpip/router.ts'

const running = (self: number, claims: AddressClaim[] = []): RunningNetwork =>
  new RunningNetwork(NETWORK, address(self), openSettings, {
    clock: new VirtualClock(),
    random: seededRandom(1),
    dropped: () => undefined,
    sendFrames: () => undefined,
    turnBridging: () => undefined,
    sendBridged: () => undefined,
    malformedFrame: () => undefined,
    announceGroups: () => undefined,
    conflict: (claim) => claims.push(claim),
    note: () => undefined,
    changed: () => undefined,
    defect: (error) => expect(error).toBeUndefined(),
  })

it('what routers give is part of the state for as long as they are accepted', () => {
  const me = identityNamed('za')
  const network = running(me.address)
  network.configure('ok', configFor(identityNamed('zc'), me, 0))
  const said = advertisement(1800, [prefix('2001:db8:0:1::', 3600), servers(600, 'fd00::53')])
  const own = (): readonly string[] =>
    network.state.addresses.map((one) => one.address).filter((ip) => ip.includes(':'))
  network.receive([said])
  expect(own()).toEqual([])
  network.acceptRouters(true)
  network.receive([said])
  expect(own()).toMatchObject([expect.stringMatching(/^2001:db8:0:1:/)])
  expect(network.advertisedServers).toEqual(['fd00::53'])
  network.acceptRouters(false)
  expect([own(), network.advertisedServers]).toEqual([[], []])
})

it('whoever claims an address of ours is shown with its MAC, and its node unless it is behind a bridge', () => {
  const me = identityNamed('za')
  const config = configFor(identityNamed('zc'), me, 0)
  const claims: AddressClaim[] = []
  const network = running(me.address, claims)
  network.configure('ok', config)
  const ours = config.staticIps[0]!.address
  const other = address(0x11_2233_4455)
  const its = macOf(macScheme(NETWORK), other)
  network.receive([arpRequest(its, ours, '10.121.0.9'), arpRequest(STRANGER, ours, '10.121.0.9')])
  const networkId = publicNetworkId(NETWORK)
  expect(claims).toEqual([
    { networkId, address: ours, mac: publicMac(its), claimant: publicNodeId(other) },
    { networkId, address: ours, mac: publicMac(STRANGER) },
  ])
})
