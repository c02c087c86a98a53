import { parseAddress, parseNetworkId } from '../../protocol/kernel/id.ts'
import { nativeSettings } from '../../protocol/network/local-settings.ts'
import { publicWorldId } from '../../streams/public-id.ts'
import type { VirtualNode } from '../node.ts'
import { json } from './answer.ts'
import { decoded, joinBody, objectIn, objectOrNothingIn, orbitBody } from './body.ts'
import type { LocalConf } from './local-conf.ts'
import { type Route, route } from './router.ts'
import { showMoon, showWaitingMoon } from './show-moon.ts'
import { showNetwork } from './show-network.ts'
import { showHealth, showNode } from './show-node.ts'
import { showPeer } from './show-peer.ts'

/** What a node answers of itself, and lets itself be told (`docs/protocol/vl2.md` §16.1). */
export const nodeRoutes = (node: VirtualNode, conf: LocalConf, home: string): readonly Route[] => {
  const { running } = node
  const networks = () => [...running.networks.values()]
  const network = (nwid = '') => running.networks.get(parseNetworkId(nwid)!)
  const peers = () => [...running.snapshots.values()].filter(({ address }) => address !== running.identity.address)
  const moon = (id = '') => running.worlds.moons.find((one) => one.id === BigInt(`0x${id}`))

  return [
    route('GET', '/status', () => json(showNode(node, conf, home))),
    route('GET', '/health', () => json(showHealth(running))),

    route('GET', '/network', () => json(networks().map(showNetwork))),
    route('GET', '/network/:nwid', (_, nwid) => {
      const found = network(nwid)
      return found === undefined ? json({}, 404) : json(showNetwork(found))
    }),
    route('POST', '/network/:nwid', async ({ body }, nwid = '') => {
      const { allowManaged, allowGlobal, allowDefault, allowDNS } =
        decoded(joinBody, objectOrNothingIn(body)) ?? NOTHING_SAID
      const id = parseNetworkId(nwid)!
      const said = { managed: allowManaged, global: allowGlobal, default: allowDefault, dns: allowDNS }
      // whoever asks this way expects what a native node allows
      const isNew = network(nwid) === undefined && !node.settings.has(id)
      if (isNew) node.allow(id, nativeSettings)
      await node.join(nwid, { wait: 'none' })
      node.allow(id, said)
      return json(showNetwork(network(nwid)!))
    }),
    route('DELETE', '/network/:nwid', async (_, nwid = '') => {
      const joined = node.network(nwid)
      await joined?.leave()
      return json(joined === undefined ? {} : { result: true })
    }),

    route('GET', '/peer', () => json(peers().map((peer) => showPeer(peer, running.local)))),
    route('GET', '/peer/:address', (_, address = '') => {
      const found = running.snapshots.get(parseAddress(address)!)
      return json(found === undefined ? {} : showPeer(found, running.local))
    }),

    route('GET', '/moon', () => json(running.worlds.moons.map(showMoon))),
    route('GET', '/moon/:world', (_, id) => {
      const found = moon(id)
      return json(found === undefined ? {} : showMoon(found))
    }),
    route('POST', '/moon/:world', async ({ body }, id = '') => {
      const seed = decoded(orbitBody, objectIn(body))?.seed
      if (seed === undefined || /^0+$/.test(seed)) return json({})
      const world = BigInt(`0x${id}`)
      await node.orbit(publicWorldId(world), seed)
      const known = moon(id)
      return json(known === undefined ? showWaitingMoon(world) : showMoon(known))
    }),
    route('DELETE', '/moon/:world', async (_, id = '') => {
      await node.deorbit(publicWorldId(BigInt(`0x${id}`)))
      return json({ result: true })
    }),

    route('GET', '/config', () => json(conf.json)),
    route('POST', '/config/settings', async ({ body }) => {
      await conf.change(objectIn(body))
      return json({})
    }),

    // paths are chosen one by one here; there are no bonds
    route('GET', '/bond/show/:address', () => json({}, 400)),
    route('POST', '/bond/rotate/:address', () => json({}, 400)),
    route('POST', '/bond/setmtu/\\d{1,5}/[^/]{1,64}/[0-9a-fA-F.:]{1,64}', () => json({}, 400)),
  ]
}

const NOTHING_SAID = { allowManaged: undefined, allowGlobal: undefined, allowDefault: undefined, allowDNS: undefined }
