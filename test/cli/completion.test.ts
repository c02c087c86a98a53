import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { rxzt } from './harness.ts'
import { done } from './world.ts'

const file = join(tmpdir(), `rxzt-completion-${process.pid}.bash`)
beforeAll(async () => writeFile(file, await done('completion', 'bash')))

/** What bash offers after these words; the last is the one being written. */
const offered = (...words: readonly string[]): readonly string[] => {
  const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rxzt; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['-c', script, 'bash', file, 'rxzt', ...words], { encoding: 'utf8' })
  return out.split('\n').filter((line) => line !== '')
}

describe('completion', () => {
  it('knows every command and its options in bash', () => {
    expect(offered('')).toEqual(expect.arrayContaining(commands.map(({ name }) => name)))
    expect(offered('inf')).toEqual(['info'])
    expect(offered('idtool', 'gen')).toEqual(['generate', 'genmoon'])
    expect(offered('-D', '/tmp', 'controller', 'd')).toEqual(['deauth', 'delete'])
    expect(offered('join', '8056c2e21c000001', '--wa')).toEqual(['--wait'])
    expect(offered('up', '--log-level', '')).toEqual(['error', 'warn', 'info', 'debug'])
    expect(offered('--color', 'al')).toEqual(['always'])
    expect(offered('completion', 'b')).toEqual(['bash'])
    expect(offered('help', 'orb')).toEqual(['orbit'])
    expect(offered('set', '8056c2e21c000001', 'allowM')).toEqual(['allowManaged'])
    expect(offered('forward', '8056c2e21c000001', '--re')).toEqual(['--reverse'])
  })

  it('takes the value of an option for no command, and offers none where a value stands', () => {
    expect(offered('-D', 'controller', 'inf')).toEqual(['info'])
    expect(offered('--home', '=', '/tmp', 'inf')).toEqual(['info'])
    expect(offered('--color', '=', 'al')).toEqual(['always'])
    expect(offered('--color', '=')).toEqual(['auto', 'always', 'never'])
    // what is read by the shell itself: names in the file system, or nothing
    for (const words of [
      ['up', '--planet', ''],
      ['idtool', 'sign', ''],
      ['up', '--port', ''],
      ['ping', '8056c2e21c000001', ''],
    ])
      expect(offered(...words)).toEqual(words[0] === 'ping' ? expect.arrayContaining(['--count']) : [])
  })

  it('has the same for zsh, and for no other shell', async () => {
    const script = await done('completion', 'zsh')
    expect(script).toMatch(/^#compdef rxzt\n/)
    for (const { name } of commands) expect(script).toContain(`'${name}'`)
    expect(script).toContain("'up --planet') offer='files'")
    expect(script).toContain("'serve 1') offer='directories'")
    const { code, stderr } = await rxzt(['completion', 'fish'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('there is no completion for "fish"')])
  })
})
