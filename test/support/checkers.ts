import type { Checker } from './checker.ts'
import { cryptoCheckers } from './checkers/crypto.ts'

/** Vector file name → what it is held against. */
export const checkers: Readonly<Record<string, Checker>> = {
  ...cryptoCheckers,
}
