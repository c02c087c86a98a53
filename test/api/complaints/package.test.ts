import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const json = <T>(file: string): T => JSON.parse(readFileSync(root + file, 'utf8')) as T

interface Locked {
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly license?: string
  readonly optional?: boolean
}
const { packages } = json<{ readonly packages: Readonly<Record<string, Locked>> }>('package-lock.json')
/** What a user gets with the package, all the way down. */
const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
const manifest = json<{
  readonly scripts: Readonly<Record<string, string>>
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
}>('package.json')

/** Complaints of those who install another library, or ask their lawyers. */
describe('the package', () => {
  it('"ten manual fixes until it builds": installing runs nothing, on any system', () => {
    expect(installed.length).toBeGreaterThanOrEqual(Object.keys(manifest.dependencies).length)
    for (const [path, { hasInstallScript, os, cpu, optional }] of installed)
      expect({ path, hasInstallScript, os, cpu, optional }).toEqual({ path })
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'preuninstall']
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([])
  })

  it('"it crashes after an update of the native core": there is none, here or in what it depends on', () => {
    for (const [path] of installed) {
      const files = readdirSync(root + path, { recursive: true, encoding: 'utf8' })
      expect(files.filter((file) => /\.node$|binding\.gyp$|CMakeLists\.txt$|\.so$|\.dylib$|\.dll$/.test(file))).toEqual(
        [],
      )
    }
    expect(existsSync(`${root}binding.gyp`)).toBe(false)
  })

  it('"may my game embed it?": the licence is MIT, and those of what comes with it ask for no more than their text', () => {
    expect(manifest.license).toBe('MIT')
    expect(readFileSync(`${root}LICENSE`, 'utf8')).toMatch(/^MIT License/)
    for (const [path, { license }] of installed)
      expect([path, license]).toEqual([path, expect.stringMatching(/^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0)$/)])
  })
})
