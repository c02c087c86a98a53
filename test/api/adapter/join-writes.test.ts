import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinWrites } from '../../../src/api/adapter/join-writes.ts'

const chunks = fc
  .array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 20 })
  .map((sizes) => sizes.map((n, i) => new Uint8Array(n).fill(i + 1)))

describe('writes that waited together', () => {
  it('keep their bytes and their order', () => {
    fc.assert(
      fc.property(chunks, (all) => {
        expect(Buffer.compare(Buffer.concat(joinWrites(all)), Buffer.concat(all))).toBe(0)
      }),
    )
  })

  it('are joined up to 64 KiB, as far as that goes, and larger ones are not copied', () => {
    fc.assert(
      fc.property(chunks, (all) => {
        const parts = joinWrites(all)
        for (const [i, part] of parts.entries()) {
          if (part.length > 64 * 1024) expect(all.some((one) => one === part)).toBe(true)
          const following = parts[i + 1]
          if (following !== undefined) expect(part.length + following.length).toBeGreaterThan(64 * 1024)
        }
      }),
    )
  })
})
