import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { decodeVerb, verbCode, verbName, verbs } from '../../../src/protocol/verb/table.ts'
import { unhex } from '../../support/checker.ts'

describe('the table of verbs', () => {
  it('has one row for every number', () => {
    expect(new Set(Object.values(verbs).map(({ code }) => code))).toEqual(new Set(Object.values(verbCode)))
  })

  it('reads a payload as the verb its code names', () => {
    expect(decodeVerb(verbCode.echo, unhex('beef'))).toEqual(E.right({ _tag: 'Echo', body: { data: unhex('beef') } }))
  })

  it('knows which numbers are not assigned', () => {
    for (const code of [0x0f, 0x11, 0x17, 0x1f]) {
      expect(decodeVerb(code, unhex(''))).toEqual(E.left({ _tag: 'UnknownVerb', code }))
      expect(verbName(code)).toBeUndefined()
    }
    expect(verbName(0x10)).toBe('pushDirectPaths')
  })

  it('never throws, whatever a payload holds', () => {
    fc.assert(
      fc.property(fc.nat(31), fc.uint8Array({ maxLength: 300 }), (code, payload) => {
        decodeVerb(code, payload)
      }),
      { numRuns: 1000 },
    )
  })
})
