import { ALWAYS, type Finding, NEVER, NO, YES } from './rule-finding.ts'
import type { Scene } from './rule-scene.ts'

/**
 * The matches that compare a tag of this node with the other side's (`docs/protocol/vl2.md` §8.3). Outbound, a tag that
 * the other side has not shown may still turn up there: the match holds, and the next DROP is left to the receiver.
 */
export const findTagPair = (type: number, id: number, value: number, s: Scene): Finding => {
  const own = s.own.tags.get(id)
  if (own === undefined) return NEVER
  const remote = s.remote.tags.get(id)
  if (remote === undefined) return s.inbound && !s.super ? NEVER : leaveToReceiver(s)
  switch (type) {
    case 44: // TAGS_DIFFERENCE
      return Math.abs(own - remote) <= value ? YES : NO
    case 45: // TAGS_BITWISE_AND
      return (own & remote) >>> 0 === value ? YES : NO
    case 46: // TAGS_BITWISE_OR
      return (own | remote) >>> 0 === value ? YES : NO
    case 47: // TAGS_BITWISE_XOR
      return (own ^ remote) >>> 0 === value ? YES : NO
    default:
      return own === value && remote === value ? YES : NO
  }
}

/** TAG_SENDER and TAG_RECEIVER: one side's tag alone. */
export const findTagOfOne = (type: number, id: number, value: number, s: Scene): Finding => {
  if (s.super) return leaveToReceiver(s)
  const isSender = type === TAG_SENDER
  const isRemote = isSender === s.inbound
  const tag = (isRemote ? s.remote : s.own).tags.get(id)
  if (tag !== undefined) return tag === value ? YES : NO
  return isRemote && !isSender ? leaveToReceiver(s) : NEVER
}

const leaveToReceiver = (s: Scene): Finding => {
  s.skipDrop = true
  return ALWAYS
}

const TAG_SENDER = 49
