import { describe, expect, it } from 'vitest'
import { reportOf } from './chromium.ts'

const browser = process.env['RXZT_CHROMIUM']

describe('in headless Chromium', () => {
  if (browser === undefined) it.skip('needs a browser: RXZT_CHROMIUM=/path/to/chromium npm run interop -- test/browser')
  else
    it('every vector but the transcripts passes, and a network runs', { timeout: 300_000 }, async () => {
      // loaded only where there is a browser
      const { checkers } = await import('./checkers.ts')
      const { vectors, echo } = await reportOf(browser)
      expect(vectors.flatMap(({ failed }) => failed)).toEqual([])
      for (const { name, passed } of vectors) console.log(`${name}: ${passed} passed`)
      expect(vectors.map(({ name }) => name).toSorted()).toEqual(Object.keys(checkers).toSorted())
      expect(vectors.filter(({ passed }) => passed === 0)).toEqual([])
      expect(echo).toBe('hello from a page')
    })
})
