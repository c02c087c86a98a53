import { readFileSync } from 'node:fs'
import { describe, it } from 'vitest'
import { play, type WorldOf } from '../tcpip/conformance/play.ts'
import { parseCase } from '../tcpip/conformance/script.ts'
import { scriptedKernel } from './kernel/scripted-kernel.ts'

/**
 * Conformance cases of our stack, played against the kernel's in real time: what judges the cases. Those that are about
 * numbers of our own choice, or that look inside, are not among them; docs/interop.md says where the two differ.
 */
const AGREED =
  'H02 H04 H05 H07 H09 H10 H11 H13 H14 H15 H16 H22 T01 T02 T03 T04 T06 T14 T15 T16 A01 A03 A06 K01 K04'.split(' ')
const cases = process.env['RXZT_CASES']?.split(',') ?? AGREED

describe.each([4, 6] as const)('over IPv%i the kernel does as the script says:', (family) => {
  it.each(cases)('%s', (id) => {
    const text = readFileSync(new URL(`../tcpip/conformance/cases/${id}.script`, import.meta.url), 'utf8')
    let kernel: ReturnType<typeof scriptedKernel> | undefined
    const worldOf: WorldOf = (...given) => {
      kernel = scriptedKernel(...given)
      return kernel
    }
    try {
      play(parseCase(text), family, worldOf)
    } finally {
      kernel?.close()
    }
  })
})
