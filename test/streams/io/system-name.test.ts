import { describe, expect, it } from 'vitest'
import { systemName } from '../../../src/streams/io/system-name.ts'

describe('the name of the system a node runs on', () => {
  it('is in the words of native nodes', () => {
    expect(systemName('linux', 'x64')).toBe('linux/x86_64')
    expect(systemName('darwin', 'arm64')).toBe('macos/arm64')
    expect(systemName('win32', 'ia32')).toBe('windows/x86')
    expect(systemName('freebsd', 'riscv64')).toBe('bsd/riscv')
  })
  it('leaves open what they have no word for', () => {
    expect(systemName('haiku', 'x64')).toBe('unknown/x86_64')
    expect(systemName('linux', 'toString')).toBe('linux/unknown')
  })
  it('is that of this host by default', () => {
    expect(systemName()).toBe(systemName(process.platform, process.arch))
  })
})
