import { expect, it } from 'vitest'
import { address } from '../../../src/protocol/kernel/id.ts'
import {
  BUDGETS,
  BURST,
  punish,
  type SignatureBudgets,
  spendCheck,
} from '../../../src/protocol/network/signature-budget.ts'

const peer = address(0x89dd1d2eaf)
const spend = (budgets: SignatureBudgets, times: number, now: number): number =>
  Array.from({ length: times }, () => spendCheck(budgets, peer, now)).filter(Boolean).length

it('allows as many checks at once as a configuration can need, then twenty in a second', () => {
  const budgets: SignatureBudgets = new Map()
  expect(spend(budgets, BURST + 10, 0)).toBe(BURST)
  expect(spend(budgets, 100, 1_000)).toBe(20)
  expect(spend(budgets, BURST + 10, 1_000_000)).toBe(BURST)
})

it('allows no check for a second after a forgery, and one then', () => {
  const budgets: SignatureBudgets = new Map()
  punish(budgets, peer, 0)
  expect(spend(budgets, 10, 999)).toBe(0)
  expect(spend(budgets, 10, 1_000)).toBe(1)
})

it('remembers a bounded number of peers', () => {
  const budgets: SignatureBudgets = new Map()
  for (let i = 1; i <= BUDGETS + 5; i++) spendCheck(budgets, address(i), 0)
  expect(budgets.size).toBe(BUDGETS)
})
