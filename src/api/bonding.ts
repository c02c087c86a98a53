import { type Bonding, type BondPolicy, LEAST_INTERVAL, problemInBonding } from '../protocol/peer/bond.ts'
import { ArgumentError } from '../streams/error.ts'

export interface BondingOptions {
  readonly policy: BondPolicy
  /** ms of silence after which a path is left, 500 or more; default 5000. */
  readonly failoverInterval?: number
}

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, also for what other nodes can do and this one cannot */
export const checkedBonding = (bonding: BondingOptions | undefined): Bonding | undefined => {
  if (bonding === undefined) return undefined
  const problem = problemInBonding(bonding.policy, bonding.failoverInterval)
  switch (problem?._tag) {
    case undefined:
      return bonding
    case 'NotBuilt':
      return refuse(`policy '${problem.policy}' is not built — use 'balance-rr', or 'active-backup'`)
    case 'NoPolicy':
      return refuse(`policy '${problem.policy}' is none — use 'active-backup', 'broadcast' or 'balance-rr'`)
    case 'BadInterval':
      return refuse(`failoverInterval ${problem.interval} is too short — use ${LEAST_INTERVAL} or more`)
  }
}

const refuse = (what: string): never => {
  throw new ArgumentError('ERR_ZT_INVALID_OPTION', `bonding ${what}`)
}
