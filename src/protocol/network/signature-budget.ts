import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'

/**
 * How many signatures a peer may still have this node check. Credentials and configurations come from anybody, and a
 * check costs a thousand times more than the packet that asks for it.
 *
 * Deployed nodes take one NETWORK_CREDENTIALS in a second, which loses credentials where two nodes share several
 * networks. Here the checks are counted: enough at once for everything a configuration can hold, a few in a second from
 * then on, and next to none for who brings a signature that is wrong, since no honest node ever does.
 */
export interface SignatureBudget {
  checks: number
  at: Millis
}

/** By peer; beyond `BUDGETS` the one made first is forgotten. */
export type SignatureBudgets = Map<Address, SignatureBudget>

/** Takes one check from the peer's budget; `false` if there is none left. */
export const spendCheck = (budgets: SignatureBudgets, peer: Address, now: Millis): boolean => {
  const budget = budgetOf(budgets, peer, now)
  budget.checks = Math.min(BURST, budget.checks + (now - budget.at) * REFILL)
  budget.at = now
  if (budget.checks < 1) return false
  budget.checks -= 1
  return true
}

/** The peer brought a wrong signature: it has to wait. */
export const punish = (budgets: SignatureBudgets, peer: Address, now: Millis): void => {
  const budget = budgetOf(budgets, peer, now)
  budget.checks = 1 - REFILL * PENALTY
  budget.at = now
}

const budgetOf = (budgets: SignatureBudgets, peer: Address, now: Millis): SignatureBudget => {
  const known = budgets.get(peer)
  if (known !== undefined) return known
  if (budgets.size >= BUDGETS) {
    const oldest = budgets.keys().next()
    if (oldest.done !== true) budgets.delete(oldest.value)
  }
  const made = { checks: BURST, at: now }
  budgets.set(peer, made)
  return made
}

/** All capabilities, tags and certificates of ownership of one configuration, and some COMs. */
export const BURST = 300
/** Checks for each millisecond. */
const REFILL = 0.02
const PENALTY: Millis = 1_000
export const BUDGETS = 4_096
