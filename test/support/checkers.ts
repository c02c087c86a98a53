import type { Checker } from './checker.ts'

/** Vector file name → what it is held against. */
export const checkers: Readonly<Record<string, Checker>> = {}
