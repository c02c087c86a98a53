import { readdirSync, readFileSync } from 'node:fs'
import { type VerbName, verbCode } from '../../src/protocol/verb/verb-code.ts'
import { unhex } from '../support/checker.ts'

/** A payload as it follows the verb byte. */
export interface Sample {
  readonly verb: number
  readonly payload: Uint8Array
}

/** What native nodes said to each other, a few of each length and verb. */
export const captured = (): readonly Sample[] => {
  const samples: Sample[] = []
  const seen = new Map<string, number>()
  const folder = new URL('../captures/', import.meta.url)
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl')))
    for (const line of readFileSync(new URL(file, folder), 'utf8').trim().split('\n')) {
      const { verb, payload } = JSON.parse(line) as { readonly verb?: string; readonly payload?: string }
      if (verb === undefined || payload === undefined) continue
      const key = `${verb} ${payload.length >>> 5}`
      const times = (seen.get(key) ?? 0) + 1
      seen.set(key, times)
      const code = verbCode[verb.toLowerCase().replace(/_(.)/g, (_all, c: string) => c.toUpperCase()) as VerbName]
      if (code !== undefined && times <= 3) samples.push({ verb: code, payload: unhex(payload) })
    }
  return samples
}
