import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asScript, json, nothing, printJson } from '../../../src/api/http/answer.ts'

describe('JSON', () => {
  it('has its keys in order, and whole numbers of 64 bits', () => {
    expect(printJson({ b: 1, a: { d: [2n ** 64n - 1n, undefined, null], c: 'x"' }, e: undefined })).toBe(
      '{"a":{"c":"x\\"","d":[18446744073709551615,null,null]},"b":1}',
    )
  })
  it('is what any parser reads back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(printJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

describe('an answer as a script', () => {
  it('calls the function named', () => {
    expect(asScript(json({ a: 1 }), 'app.cb_1')).toEqual({
      status: 200,
      type: 'application/javascript',
      body: 'app.cb_1({"a":1});',
    })
  })
  it.each(['', 'alert(1)//', 'a b', '1a', 'a..b', '<script>'])('refuses "%s", which is no name', (name) => {
    expect(asScript(json({}), name).status).toBe(400)
  })
  it('leaves errors as they are', () => {
    expect(asScript(nothing(404), 'cb')).toEqual({ status: 404, body: '' })
  })
})
