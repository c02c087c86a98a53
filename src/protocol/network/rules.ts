import type { Address, Mac } from '../kernel/id.ts'
import { extFramePacket } from '../verb/ext-frame.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { Active, Joined } from './joined.ts'
import type { Member } from './member.ts'
import { traceFilter, tracesRules } from './remote-trace.ts'
import { type Decision, filterInbound, filterOutbound } from './rule-engine.ts'
import { type DecisionLog, ruleLog } from './rule-log.ts'
import { memberParty, NOBODY, type Party } from './rule-party.ts'
import { send, type Turn } from './turn.ts'

/** What the rules of a network say of one frame; see `Decision`. A frame that is redirected goes nowhere else. */
export type Verdict = Decision['verdict']

/**
 * Decides about a frame to `peer` (`undefined` while the recipients are not chosen yet), and sends what the rules want
 * copied or redirected (`docs/protocol/vl2.md` §8.5). `noTee` for a second pass, whose copies the first has sent.
 */
export const filterOut = (
  t: Turn,
  net: Joined,
  active: Active,
  peer: Address | undefined,
  from: Mac,
  to: Mac,
  etherType: number,
  payload: Uint8Array,
  noTee: boolean,
): Verdict => {
  const remote = peer === undefined ? NOBODY : partyOf(net, active, net.members.get(peer))
  const { random } = t.config
  const log = traceLog(t, net, active)
  const decision = filterOutbound(active.rules, peer, remote, from, to, etherType, payload, noTee, random)
  if (log !== undefined) {
    const [result, frame] = [decision.verdict === 'accept' ? 1 : 0, { from, to, etherType, payload }]
    traceFilter(t, net, { inbound: false, noTee, source: t.self, dest: peer, result, log, frame })
  }
  if (decision.copies.length > 0) sendCopies(t, net, decision, from, to, etherType, payload)
  return decision.verdict
}

/** Decides about a frame from `member`, likewise (§8.6). */
export const filterIn = (
  t: Turn,
  net: Joined,
  active: Active,
  member: Member,
  from: Mac,
  to: Mac,
  etherType: number,
  payload: Uint8Array,
): Verdict => {
  const remote = partyOf(net, active, member)
  const log = traceLog(t, net, active)
  const decision = filterInbound(active.rules, member.address, remote, from, to, etherType, payload, t.config.random)
  if (log !== undefined) {
    const { verdict } = decision
    const [result, frame] = [verdict === 'super' ? 2 : verdict === 'accept' ? 1 : 0, { from, to, etherType, payload }]
    traceFilter(t, net, { inbound: true, noTee: false, source: member.address, dest: t.self, result, log, frame })
  }
  if (decision.copies.length > 0) sendCopies(t, net, decision, from, to, etherType, payload)
  return decision.verdict
}

/** A log for the decision that comes next, where the network wants to hear of them. */
const traceLog = (t: Turn, net: Joined, active: Active): DecisionLog | undefined => {
  const log =
    active.trace === undefined || !tracesRules(t, net) ? undefined : { base: ruleLog(), capability: undefined }
  active.rules.scene.log = log
  return log
}

const partyOf = (net: Joined, active: Active, member: Member | undefined): Party => {
  if (member === undefined) return NOBODY
  if (member.partyEpoch !== net.epoch) {
    member.partyEpoch = net.epoch
    member.party = memberParty(member, active.config)
  }
  return member.party
}

const sendCopies = (
  t: Turn,
  net: Joined,
  decision: Decision,
  from: Mac,
  to: Mac,
  etherType: number,
  payload: Uint8Array,
): void => {
  for (const copy of decision.copies) {
    const data = payload.subarray(0, copy.length)
    send(t, copy.to, verbCode.extFrame, extFramePacket(net.key, copy.flags, to, from, etherType, data, true))
  }
}
