import { NodeError } from './error.ts'
import type { Link } from './link.ts'
import type { NodeId } from './public-id.ts'

/** What a node cannot go on after. */
export const unbound = (cause: unknown): NodeError =>
  cause instanceof NodeError ? cause : new NodeError('ERR_ZT_BIND', String(cause), { cause })

export const linkBroken = ({ name }: Link, cause: unknown): NodeError =>
  new NodeError(
    'ERR_ZT_LINK',
    `link "${name}" failed: ${String(cause)} — a link never throws: correct it, or pass another`,
    { cause },
  )

export const collision = (id: NodeId): NodeError =>
  new NodeError(
    'ERR_ZT_IDENTITY_COLLISION',
    `another node owns address ${id} — generate a new identity and have it authorised`,
  )

export const defectOf = (cause: unknown): NodeError =>
  new NodeError('ERR_ZT_DEFECT', `the node met an error of its own: ${String(cause)} — please report it`, { cause })
