import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** What each example must have said by the time it ends by itself. */
const says: Readonly<Record<string, RegExp>> = {
  'echo-server.ts': /hello from the other side/,
  'http-over-zt.ts': /you asked for \/again from 10\.147\.17\./,
  'udp-chat.ts': /cay heard "ann says hello" from 10\.147\.17\./,
  'events.ts': /network\/ready[\s\S]*seq 1 from 10\.147\.17\./,
  'own-controller.ts': /in, as 10\.9\.0\.15\nand out again: denied/,
  'hello.ts': /1 MiB there and back, SHA-256 equal/,
  'simulated.ts': /100000 bytes through 10 % loss/,
  'demo.ts': /SHA-256 equal[\s\S]*GET \/index: hello[\s\S]*all closed/,
}

describe('every example runs to its end', () => {
  const examples = readdirSync(new URL('../../examples', import.meta.url)).filter(
    (file) => file.endsWith('.ts') && file !== 'private-network.ts',
  )
  it.each(examples)('%s', async (file) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `examples/${file}`], {
      cwd: root,
      timeout: 50_000,
    })
    expect(says[file], `no expectation for ${file}`).toBeDefined()
    expect(stdout).toMatch(says[file]!)
  })
})
