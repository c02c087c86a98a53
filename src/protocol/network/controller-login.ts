import type { Millis } from '../kernel/machine.ts'
import { errorCode } from '../verb/error.ts'
import { refuse, unasked } from './controller-refuse.ts'
import { revoke } from './controller-revoke.ts'
import { type ControllerTurn, type HostedMember, isOnline } from './controller-state.ts'

/**
 * Log-ins that end (`docs/protocol/vl2.md` §14.7): on a network that wants its members to log in, a member whose time is
 * over is put out at once and not when its certificate ends. Looked at twice in a second at most, however many there are.
 */
export const watchLogin = (t: ControllerTurn, member: HostedMember): void => {
  if (!needsLogin(member)) return
  t.state.logins.add(member)
  wakeFor(t, member.record.authenticationExpiryTime)
}

export const endLogins = (t: ControllerTurn): void => {
  if (t.now < t.state.loginsAt) return
  t.state.loginsAt = Infinity
  for (const member of t.state.logins) {
    const stays = needsLogin(member) && member.network.members.get(member.address) === member
    if (stays && member.record.authenticationExpiryTime > t.now) {
      wakeFor(t, member.record.authenticationExpiryTime)
      continue
    }
    t.state.logins.delete(member)
    if (stays) end(t, member)
  }
}

const end = (t: ControllerTurn, member: HostedMember): void => {
  member.issuedAt = -Infinity
  revoke(t, member.network, [member.address])
  if (isOnline(member, t.now)) refuse(t, unasked(member), errorCode.authenticationRequired)
}

const needsLogin = ({ network, record }: HostedMember): boolean =>
  network.record.ssoEnabled && record.authorized && !record.ssoExempt

const wakeFor = (t: ControllerTurn, at: Millis): void => {
  t.state.loginsAt = Math.min(t.state.loginsAt, Math.ceil(at / LOGIN_CHECK) * LOGIN_CHECK)
}

const LOGIN_CHECK: Millis = 500
