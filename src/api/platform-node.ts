import { isLocallyValid } from '../protocol/crypto/identity.ts'
import { systemClock } from '../streams/io/clock.ts'
import { bestCrypto } from '../streams/io/crypto-fast.ts'
import { directoryStore } from '../streams/io/directory-store.ts'
import { systemRandom } from '../streams/io/entropy.ts'
import { identityWorker } from '../streams/io/identity-worker.ts'
import { systemName } from '../streams/io/system-name.ts'
import { tcpRelay } from '../streams/io/tcp-relay-link.ts'
import { udpLink } from '../streams/io/udp-link.ts'
import { sharedIdentityWorks } from './identity-works.ts'
import type { Platform } from './platform.ts'

/** Node: UDP sockets, home directories, WebAssembly and node:crypto, a thread for identities. */
export const nodePlatform: Platform = {
  name: systemName(),
  crypto: bestCrypto,
  clock: systemClock,
  random: systemRandom,
  link: () => udpLink(),
  tcpRelay: (endpoint) => tcpRelay({ endpoint }),
  store: directoryStore,
  identities: sharedIdentityWorks(
    () => identityWorker({ crypto: bestCrypto(), random: systemRandom() }),
    (identity) => isLocallyValid(bestCrypto(), identity),
  ),
}
