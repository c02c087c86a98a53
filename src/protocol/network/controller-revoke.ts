import { encode, readU32 } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import { networkCredentials, noCredentials } from '../verb/network-credentials.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER } from '../vl1-io.ts'
import { type ControllerTurn, type HostedNetwork, isOnline } from './controller-state.ts'
import { credentialType, FAST_PROPAGATE, issueRevocation } from './credential/revocation.ts'

/**
 * Tells every member that is online, the targets included, that the targets' certificates issued until now no longer
 * count (`docs/protocol/vl2.md` §14.7). Members pass it on.
 */
export const revoke = (t: ControllerTurn, network: HostedNetwork, targets: readonly Address[]): void => {
  const { crypto, self, random } = t.config
  for (let i = 0; i < targets.length; i += REVOCATIONS_PER_PACKET) {
    const revocations = targets.slice(i, i + REVOCATIONS_PER_PACKET).map((target) =>
      issueRevocation(crypto, self, {
        id: readU32(random(4), 0),
        network: network.id,
        credentialId: 0,
        threshold: BigInt(Math.floor(t.now)),
        flags: FAST_PROPAGATE,
        target,
        type: credentialType.com,
      }),
    )
    const payload = encode(networkCredentials, { ...noCredentials, revocations })
    for (const member of network.members.values()) {
      if (!isOnline(member, t.now)) continue
      if (member.address === self.address) {
        t.outputs.push({ _tag: 'Credentials', network: network.id, payload })
        continue
      }
      const data = new Uint8Array(HEADER + payload.length)
      data.set(payload, HEADER)
      t.packets.push({ to: member.address, verb: verbCode.networkCredentials, data })
    }
  }
}

/** 152 bytes each, in a packet of 10024. */
const REVOCATIONS_PER_PACKET = 60
