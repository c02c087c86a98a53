import type { IpPrefix } from '../../protocol/network/config.ts'
import type { RunningNetwork } from '../../streams/network.ts'
import type { NetworkState } from '../../streams/snapshot.ts'

/**
 * The object of `/network/<nwid>` (`docs/protocol/vl2.md` §16.1). It shows what the controller says, allowed here or
 * not.
 */
export const showNetwork = ({ state, config, allowed }: RunningNetwork) => ({
  id: state.id,
  nwid: state.id,
  mac: state.mac,
  name: state.name,
  status: statusNames[state.status],
  type: state.type === 'public' ? 'PUBLIC' : 'PRIVATE',
  mtu: state.mtu,
  dhcp: state.dhcp,
  bridge: state.bridge,
  broadcastEnabled: state.broadcast,
  portError: 0,
  netconfRevision: config?.revision ?? 0,
  // there is no device, the network is in the program; empty text would shift the columns of the native command line
  portDeviceName: '-',
  allowManaged: allowed.managed,
  allowGlobal: allowed.global,
  allowDefault: allowed.default,
  allowDNS: allowed.dns,
  assignedAddresses: (config?.staticIps ?? []).map(text),
  routes: (config?.routes ?? []).map(({ target, via, flags, metric }) => ({
    target: text(target),
    via: via ?? null,
    flags,
    metric,
  })),
  multicastSubscriptions: state.multicastGroups,
  dns: { domain: config?.dns?.domain ?? '', servers: config?.dns?.servers ?? [] },
  ...(state.authentication === undefined
    ? {}
    : {
        ssoEnabled: true,
        authenticationURL: state.authentication.url ?? '',
        authenticationExpiryTime: state.authentication.expires ?? 0,
      }),
})

const text = ({ address, bits }: IpPrefix): string => `${address}/${bits}`

const statusNames: Readonly<Record<NetworkState['status'], string>> = {
  requesting: 'REQUESTING_CONFIGURATION',
  ok: 'OK',
  ready: 'OK',
  denied: 'ACCESS_DENIED',
  'not-found': 'NOT_FOUND',
  'port-error': 'PORT_ERROR',
  'too-old': 'CLIENT_TOO_OLD',
  'auth-required': 'AUTHENTICATION_REQUIRED',
  // being left
  down: 'PORT_ERROR',
}
