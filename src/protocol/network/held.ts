import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { errorCode } from '../verb/error.ts'
import type { Message } from '../vl1-io.ts'
import type { Joined } from './joined.ts'
import { drop, refuse, type Turn, wake } from './turn.ts'

/**
 * A message that cannot be judged yet: its sender has not shown a certificate, or the signer of what it brings is
 * unknown. It is taken up again the moment that what it waits for arrives, and given up after `HELD_FOR`
 * (`docs/protocol/vl2.md` §6.3).
 */
export interface Held {
  readonly message: Message
  readonly network: Joined | undefined
  /** The member whose certificate, or the signer whose identity is missing. */
  readonly awaits: { readonly credentialsOf: Address } | { readonly identityOf: Address }
  readonly until: Millis
  /** When to ask for the certificate again. */
  askAt: Millis
}

/** Keeps a frame whose sender failed the gate, and asks the sender for its certificate. */
export const holdFrame = (t: Turn, net: Joined, message: Message): void => {
  refuse(t, message, errorCode.needCertificate, net.id)
  hold(t, {
    message,
    network: net,
    awaits: { credentialsOf: message.source },
    until: t.now + HELD_FOR,
    askAt: t.now + ASK_AGAIN,
  })
}

/** Keeps a message until `signer` is known, and asks who that is. */
export const holdForSigner = (t: Turn, net: Joined | undefined, message: Message, signer: Address): void => {
  t.news.push({ _tag: 'Whois', address: signer })
  hold(t, { message, network: net, awaits: { identityOf: signer }, until: t.now + HELD_FOR, askAt: Infinity })
}

const hold = (t: Turn, held: Held) => {
  const queue = t.state.held
  let ofPeer = 0
  for (const other of queue) if (other.message.source === held.message.source) ofPeer++
  if (ofPeer >= HELD_OF_PEER) return drop(t, 'queue-full', held.network?.id, held.message.source)
  if (queue.length >= HELD) {
    const oldest = queue.shift()!
    drop(t, 'queue-full', oldest.network?.id, oldest.message.source)
  }
  queue.push(held)
  wake(t, Math.min(held.until, held.askAt))
}

/** Takes out, in order, what `wanted` says can be judged now. */
export const release = (t: Turn, wanted: (held: Held) => boolean): readonly Held[] => {
  const queue = t.state.held
  if (queue.length === 0) return []
  const out: Held[] = []
  let kept = 0
  for (const held of queue) {
    if (wanted(held)) out.push(held)
    else queue[kept++] = held
  }
  queue.length = kept
  return out
}

/** Drops what waited too long, repeats ERROR 06 for the rest: the first may have been lost, or come too soon. */
export const tickHeld = (t: Turn): void => {
  for (const { message, network, awaits } of release(t, (held) => held.until <= t.now))
    drop(t, 'credentialsOf' in awaits ? 'not-a-member' : 'expired', network?.id, message.source)
  const asked = new Set<Address>()
  for (const held of t.state.held) {
    if (held.askAt <= t.now && held.network !== undefined) {
      if (!asked.has(held.message.source)) refuse(t, held.message, errorCode.needCertificate, held.network.id)
      asked.add(held.message.source)
      held.askAt = t.now + ASK_AGAIN
    }
    wake(t, Math.min(held.until, held.askAt))
  }
}

/** Messages kept in all, and of one sender, so that a stranger cannot push out what others sent. */
export const HELD = 32
export const HELD_OF_PEER = 16
export const HELD_FOR: Millis = 5_000
/** Deployed nodes answer ERROR 06 once in a second. */
const ASK_AGAIN: Millis = 1_050
