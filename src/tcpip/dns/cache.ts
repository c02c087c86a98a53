import type { Millis } from '../../protocol/kernel/machine.ts'
import type { LookupResult } from './lookup.ts'

/** What was looked up lately, for as long as its servers said; the oldest makes room. */
export interface DnsCache {
  readonly find: (question: string, now: Millis) => LookupResult | undefined
  readonly keep: (question: string, result: LookupResult, now: Millis) => void
  readonly clear: () => void
}

export const dnsCache = (): DnsCache => {
  const all = new Map<string, { readonly result: LookupResult; readonly until: Millis }>()
  return {
    find: (question, now) => {
      const entry = all.get(question)
      if (entry === undefined || entry.until > now) return entry?.result
      all.delete(question)
      return undefined
    },
    keep: (question, result, now) => {
      if (result.ttl <= 0) return
      all.delete(question)
      if (all.size >= MOST_NAMES) all.delete(all.keys().next().value ?? '')
      all.set(question, { result, until: now + result.ttl * 1000 })
    },
    clear: () => all.clear(),
  }
}

const MOST_NAMES = 1000
