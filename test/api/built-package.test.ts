import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = (code: string, ...flags: readonly string[]): string =>
  execFileSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  })

/** The test runner forgives imports that Node does not: this is what users will load. */
describe('the built package in plain Node', () => {
  beforeAll(() => {
    if (!existsSync(join(root, 'dist/index.node.js'))) throw new Error('dist is missing — run npm run build first')
  })

  it('loads every entry point', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>
    }
    const entries = Object.keys(exports)
      .filter((entry) => !entry.endsWith('.json'))
      .map((entry) => entry.replace(/^\./, 'rxzt'))
    const code = entries.map((entry) => `console.log(Object.keys(await import('${entry}')).length > 0)`).join('\n')
    expect(run(code).trim().split('\n')).toEqual(entries.map(() => 'true'))
  })

  it('can be required from CommonJS', () => {
    const out = execFileSync(process.execPath, ['-e', "console.log(typeof require('rxzt').createNode)"], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(out.trim()).toBe('function')
  })

  it('loads without the node condition and without a node: module', () => {
    expect(run("console.log(typeof (await import('./dist/index.js')).createNode)").trim()).toBe('function')
    const visited = new Set<string>()
    const visit = (file: string): void => {
      if (visited.has(file)) return
      visited.add(file)
      for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
        expect(name).not.toMatch(/^node:/)
        if (name!.startsWith('.')) visit(join(file, '..', name!))
      }
    }
    visit(join(root, 'dist/index.js'))
  })

  it('runs a network in virtual time and exits by itself', () => {
    const code = `
      import { virtualNet } from 'rxzt/testing'
      const net = virtualNet({ seed: 7 })
      await net.root()
      const controller = await net.controller()
      const network = await controller.create({ private: false, v4AssignMode: { zt: true },
        ipAssignmentPools: [{ ipRangeStart: '10.1.0.1', ipRangeEnd: '10.1.0.9' }], routes: [{ target: '10.1.0.0/24' }] })
      const node = await net.node()
      const joined = await net.until(node.join(network.id))
      console.log(joined.state.status)
      await net[Symbol.asyncDispose]()`
    expect(run(code).trim()).toBe('ready')
  })
})
