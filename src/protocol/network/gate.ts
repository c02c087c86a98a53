import type { Identity } from '../crypto/identity.ts'
import { announceTo, LIKE_PERIOD } from './announce.ts'
import type { Joined } from './joined.ts'
import { isAllowed, type Member, memberOf } from './member.ts'
import { type Turn, trust } from './turn.ts'

/**
 * The membership gate (`docs/protocol/vl2.md` §6.3): the member behind a packet, or `undefined` if it may not take part.
 *
 * Open to everybody in a public network, else to whoever has shown a certificate that agrees with ours and is not
 * revoked. The answer is kept until the configuration or the certificate changes. Whoever passes learns which groups
 * we want, once a minute.
 */
export const admit = (t: Turn, net: Joined, from: Identity): Member | undefined => {
  const active = net.active
  if (active === undefined) return undefined
  let member = net.members.get(from.address)
  if (member === undefined) {
    if (active.config.type !== 'public') return undefined
    member = memberOf(net, from.address)
  }
  if (!isAllowed(t, net, member, from)) return undefined
  member.heardAt = t.now
  if (t.now - member.likedAt >= LIKE_PERIOD) announceTo(t, net, member)
  return member
}

/** As `admit`, for packets that prove by passing that both are members. */
export const admitAndTrust = (t: Turn, net: Joined, from: Identity): Member | undefined => {
  const member = admit(t, net, from)
  if (member !== undefined) trust(t, member)
  return member
}
