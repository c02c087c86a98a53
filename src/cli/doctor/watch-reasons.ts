import type { ZtNode } from '../../api/node.ts'

/** Collects why peers are not reached directly: the last reason for each, none for those that are. */
export const watchReasons = (node: ZtNode): ReadonlyMap<string, string> => {
  const reasons = new Map<string, string>()
  node.trace$.subscribe(({ message, data }) => {
    const peer = data?.['peer']
    if (typeof peer !== 'string') return
    const [, reason] = /^no direct path to [0-9a-f]{10}: (.+)$/.exec(message) ?? []
    if (reason !== undefined) reasons.set(peer, reason)
    else if (message.startsWith('direct path to ')) reasons.delete(peer)
  })
  return reasons
}
