import { memoryStore, type StateStore } from '../../streams/store.ts'
import type { NodeOptions } from '../node-options.ts'
import { AnnouncingStore } from './announcing-store.ts'
import type { ZtsEventMessage } from './event-message.ts'
import type { UdpSettings } from './host.ts'
import type { Instance } from './instance.ts'
import type { Settings } from './settings.ts'

/**
 * What a node is made with: what `zts_init_*` said, then what the instance was made with, then the defaults of the C
 * library, as far as they are ours.
 */
export const startOptions = (
  instance: Instance,
  announce: (message: ZtsEventMessage) => void,
): { readonly options: NodeOptions; readonly store: AnnouncingStore | undefined } => {
  const { host, settings } = instance
  const { net, node: given = {}, link } = instance.options
  const kept = settings.path === undefined ? given.store : settings.path
  const inner = typeof kept === 'string' ? host.platform.store(kept) : kept
  const identity = settings.identity ?? given.identity
  const planet = settings.roots ?? given.planet
  // a virtual network gives an identity to whoever has neither one nor a place for it
  const isPlain = net !== undefined && inner === undefined && identity === undefined
  const store = isPlain ? undefined : new AnnouncingStore(inner ?? memoryStore(), keptOf(settings, given), announce)
  const udp = udpSettings(settings)
  const links = net !== undefined ? undefined : (link?.(udp) ?? host.udpLink?.(udp))
  const relay = relayOf(settings)
  const { cache: _, store: __, ...rest } = given
  return {
    store,
    options: {
      ...rest,
      ...(net === undefined ? { scheduler: instance.clock } : {}),
      ...(store === undefined ? {} : { store: store as StateStore }),
      ...(identity === undefined ? {} : { identity }),
      ...(planet === undefined ? {} : { planet }),
      ...(links === undefined ? {} : { link: links }),
      ...(relay === undefined ? {} : { tcpRelay: relay }),
      ...(settings.lowBandwidth ? { lowBandwidth: true } : {}),
    },
  }
}

const keptOf = ({ cache }: Settings, given: NodeOptions): Settings['cache'] => {
  const also = { identity: true, networks: true, peers: true, roots: true, ...given.cache }
  return {
    identity: cache.identity && also.identity,
    networks: cache.networks && also.networks,
    peers: cache.peers && also.peers,
    roots: cache.roots && also.roots,
  }
}

const udpSettings = ({ port, portRange, secondaryPort, portMapping, blacklist }: Settings): UdpSettings => ({
  port,
  ...(portRange === undefined ? {} : { portRange }),
  secondary: secondaryPort,
  portMapping,
  interfaces: (name) => !blacklist.some((prefix) => name.startsWith(prefix)),
})

/** There is none unless the program names it. */
const relayOf = ({ relay, allowRelay, forceRelay }: Settings): NodeOptions['tcpRelay'] | undefined => {
  const endpoint = relay === undefined ? {} : { endpoint: relay }
  if (forceRelay) return { mode: 'always', ...endpoint }
  if (!allowRelay) return { mode: 'never' }
  return relay === undefined ? undefined : { mode: 'auto', ...endpoint }
}
