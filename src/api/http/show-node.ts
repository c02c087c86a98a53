import { printIdentity } from '../../protocol/crypto/identity.ts'
import { printEndpoint } from '../../protocol/peer/endpoint.ts'
import { VERSION } from '../../streams/layers.ts'
import type { VirtualNode } from '../node.ts'
import type { LocalConf } from './local-conf.ts'

/** The object of `/status` (`docs/protocol/vl2.md` §16.1). */
export const showNode = ({ running, id }: VirtualNode, conf: LocalConf, home: string) => {
  const { planet } = running.worlds
  const { ports, endpoints } = running.info
  const { secretKey: _, ...open } = running.identity
  return {
    address: id,
    publicIdentity: printIdentity(open),
    tcpFallbackActive: running.local.some((socket) => socket.tunnel === true),
    ...showHealth(running),
    planetWorldId: planet.id,
    planetWorldTimestamp: planet.timestamp,
    config: {
      ...conf.json,
      settings: {
        allowTcpFallbackRelay: false,
        forceTcpRelay: false,
        portMappingEnabled: false,
        softwareUpdate: 'disable',
        softwareUpdateChannel: 'release',
        ...conf.settings,
        homeDir: home,
        primaryPort: ports.primary,
        secondaryPort: ports.secondary ?? 0,
        tertiaryPort: 0,
        listeningOn: endpoints.map(printEndpoint),
        surfaceAddresses: running.surfaces.map(printEndpoint),
      },
    },
  }
}

/** The object of `/health`: nothing in it is a secret. */
export const showHealth = (running: VirtualNode['running']) => ({
  online: running.online$.value,
  versionMajor: VERSION.major,
  versionMinor: VERSION.minor,
  versionRev: VERSION.revision,
  versionBuild: 0,
  version: `${VERSION.major}.${VERSION.minor}.${VERSION.revision}`,
  clock: Math.floor(running.now()),
})
