import { expect, it } from 'vitest'
import { read } from './blocks.ts'

it('docs/performance.md states the bounds of size that are held', () => {
  const held = [...read('.size-limit.js').matchAll(/name: '(\w+)'.*limit: '(\d+ kB)'/g)].map(([, ...row]) => row)
  const stated = [...read('docs/performance.md').matchAll(/^\| `(\w+)` from .* \| \d+ kB \| (\d+ kB) \|$/gm)]
  expect(held).toHaveLength(4)
  expect(stated.map(([, ...row]) => row)).toEqual(held)
})
