import type { Reporter, TestModule } from 'vitest/node'

/** The one line that continuous integration reads: `N passed, N failed`. A file that does not load is one failure. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    for (const module of modules) {
      // a hook that fails leaves its tests skipped: the file has failed all the same
      const suites = [module, ...module.children.allSuites()]
      failed += suites.reduce((sum, suite) => sum + suite.errors().length, 0)
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
      }
    }
    console.log(`${passed} passed, ${failed} failed`)
  }
}
