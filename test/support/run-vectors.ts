import { statSync } from 'node:fs'
import { checkFile, vectorFiles } from './vectors.ts'

/** `npm run vectors -- DIR`: each file's sums, a last line with the totals; exit 1 on a failure or an unknown file. */
const folder = process.argv[2] ?? 'test/vectors'
if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
  console.error(`${folder} is no folder — npm run vectors -- DIR`)
  process.exit(2)
}
const total = { passed: 0, failed: 0, skipped: 0 }
let unknown = 0
for (const path of vectorFiles(folder)) {
  const results = await checkFile(path)
  if (results === undefined) {
    console.log(`${path}: no checker knows this file`)
    unknown++
    continue
  }
  const sums = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, verdict } of results) {
    if (verdict._tag === 'Passed') sums.passed++
    else if (verdict._tag === 'Skipped') sums.skipped++
    else {
      sums.failed++
      if (sums.failed <= 10) console.log(`  ${name}: ${verdict.why}`)
    }
  }
  const reasons = new Map<string, number>()
  for (const { verdict } of results)
    if (verdict._tag === 'Skipped') reasons.set(verdict.why, (reasons.get(verdict.why) ?? 0) + 1)
  for (const [why, n] of reasons) console.log(`  skipped ${n}: ${why}`)
  console.log(`${path}: ${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`)
  total.passed += sums.passed
  total.failed += sums.failed
  total.skipped += sums.skipped
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 || unknown > 0 || total.passed + total.failed + total.skipped === 0 ? 1 : 0
