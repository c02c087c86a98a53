import { type Identity, printIdentity, type SecretIdentity } from '../protocol/crypto/identity.ts'
import type { IdentityWorks } from './platform.ts'

/** Whoever does the work: a thread, or this one a slice at a time. */
export interface IdentityWorkshop {
  readonly generate: (signal?: AbortSignal) => Promise<SecretIdentity>
  readonly validate: (identity: Identity) => Promise<boolean>
  readonly close: () => void | Promise<void>
}

/**
 * One workshop for all nodes of a process, open while any of them is. What was proved once is remembered (bounded,
 * oldest forgotten), because many nodes in one process meet the same peers.
 */
export const sharedIdentityWorks = (
  open: () => IdentityWorkshop,
  proof?: (identity: Identity) => boolean,
): (() => IdentityWorks) => {
  const known = new Map<string, boolean | Promise<boolean>>()
  let workshop: IdentityWorkshop | undefined
  let users = 0
  const remember = (name: string, valid: boolean): void => {
    known.delete(name)
    known.set(name, valid)
    const oldest = known.size > MOST_KNOWN ? known.keys().next() : undefined
    if (oldest !== undefined && !oldest.done) known.delete(oldest.value)
  }
  return () => {
    users++
    workshop ??= open()
    const works = workshop
    let closed = false
    return {
      generate: async (signal) => {
        const made = await works.generate(signal)
        remember(printIdentity(made), true)
        return made
      },
      validate: (identity) => {
        const name = printIdentity(identity)
        const found = known.get(name)
        if (found !== undefined) return found
        const checking = works.validate(identity)
        known.set(name, checking)
        checking.then(
          (valid) => remember(name, valid),
          () => known.delete(name),
        )
        return checking
      },
      ...(proof === undefined
        ? {}
        : {
            prove: (identity: Identity) => {
              const name = printIdentity(identity)
              if (known.get(name) === true) return true
              const valid = proof(identity)
              remember(name, valid)
              return valid
            },
          }),
      close: async () => {
        if (closed) return
        closed = true
        if (--users > 0) return
        workshop = undefined
        await works.close()
      },
    }
  }
}

const MOST_KNOWN = 4096
