import { printAddress } from '../../protocol/kernel/id.ts'
import { printEndpoint } from '../../protocol/peer/endpoint.ts'
import type { PeerSnapshot } from '../../protocol/vl1-io.ts'
import type { RunningNode } from '../../streams/node.ts'

/** The object of `/peer/<address>` (`docs/protocol/vl2.md` §16.1); −1 stands for what is not known. */
export const showPeer = (peer: PeerSnapshot, local: RunningNode['local']) => {
  const { major, minor, revision, protocol } = peer.version
  const [versionMajor, versionMinor, versionRev] = protocol === 0 ? [-1, -1, -1] : [major, minor, revision]
  return {
    address: printAddress(peer.address),
    versionMajor,
    versionMinor,
    versionRev,
    version: `${versionMajor}.${versionMinor}.${versionRev}`,
    latency: peer.latency === undefined ? -1 : Math.round(peer.latency),
    role: peer.role.toUpperCase(),
    isBonded: false,
    tunneled: peer.paths.some((path) => path.preferred && path.tunneled === true),
    paths: peer.paths.map((path) => ({
      address: printEndpoint(path.endpoint),
      lastSend: millis(path.lastSend),
      lastReceive: millis(path.lastReceive),
      trustedPathId: 0,
      active: !path.expired,
      expired: path.expired,
      preferred: path.preferred,
      localSocket: path.socket,
      localPort: local.find(({ socket }) => socket === path.socket)?.port ?? 0,
    })),
  }
}

const millis = (at: number): number => (at > 0 ? Math.floor(at) : 0)
