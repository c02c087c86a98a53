import { describe, expect, it } from 'vitest'
import { address } from '../../../src/protocol/kernel/id.ts'
import { parseEndpoint } from '../../../src/protocol/peer/endpoint.ts'
import { pathFor, pathTable } from '../../../src/protocol/peer/path.ts'
import {
  expireReports,
  MOST_REPORTS,
  MOST_REPORTS_OF_PEER,
  report,
  surface,
  surfaceEndpoints,
} from '../../../src/protocol/peer/surface.ts'

const at = (text: string) => parseEndpoint(text)!
const path = (text: string) => pathFor(pathTable(), at(text), 0)
const [root, leaf] = [address(1), address(2)]

describe('surface addresses', () => {
  it('are the distinct endpoints that others see us at', () => {
    const s = surface()
    report(s, root, path('8.8.8.8/9993'), at('7.7.7.7/1000'), true, 0)
    report(s, leaf, path('9.9.9.9/9993'), at('7.7.7.7/1000'), false, 0)
    report(s, leaf, path('9.9.9.8/9993'), at('7.7.7.7/1001'), false, 0)
    expect(surfaceEndpoints(s)).toEqual([at('7.7.7.7/1000'), at('7.7.7.7/1001')])
  })

  it('are not believed of another scope than the reporter itself is in', () => {
    const s = surface()
    report(s, root, path('8.8.8.8/9993'), at('10.0.0.7/1000'), true, 0)
    report(s, root, path('127.0.0.1/9993'), at('127.0.0.1/1000'), true, 0)
    expect(surfaceEndpoints(s)).toEqual([])
  })

  it('are void in that scope once a root sees us at another IP', () => {
    const s = surface()
    report(s, root, path('8.8.8.8/9993'), at('7.7.7.7/1000'), true, 0)
    report(s, leaf, path('9.9.9.9/9993'), at('7.7.7.7/1000'), false, 0)
    expect(report(s, root, path('8.8.8.8/9993'), at('7.7.7.7/2000'), true, 1_000)).toBeUndefined()
    expect(report(s, root, path('8.8.8.8/9993'), at('6.7.7.7/2000'), true, 2_000)).toBeUndefined() // another scope
    expect(report(s, root, path('8.8.8.8/9993'), at('7.7.7.8/2000'), true, 3_000)).toBe(4)
    expect(surfaceEndpoints(s)).toEqual([at('7.7.7.8/2000')])
  })

  it('are not reset by a leaf, nor by news of what had expired', () => {
    const s = surface()
    report(s, leaf, path('9.9.9.9/9993'), at('7.7.7.7/1000'), false, 0)
    expect(report(s, leaf, path('9.9.9.9/9993'), at('7.7.7.8/1000'), false, 1_000)).toBeUndefined()
    report(s, root, path('8.8.8.8/9993'), at('7.7.7.7/1000'), true, 0)
    expect(report(s, root, path('8.8.8.8/9993'), at('7.7.7.8/1000'), true, 600_000)).toBeUndefined()
  })

  it('told by a root come first, and stay, whatever a peer says of us from wherever', () => {
    const s = surface()
    report(s, leaf, path('9.9.9.9/1'), at('7.7.7.6/1'), false, 0)
    report(s, root, path('8.8.8.8/9993'), at('7.7.7.7/1000'), true, 0)
    for (let i = 0; i < 1_000; i++) report(s, leaf, path(`9.9.9.9/${i + 1}`), at(`7.7.7.7/${i + 1}`), false, i)
    expect(s.reports.size).toBe(1 + MOST_REPORTS_OF_PEER)
    for (let i = 0; i < 1_000; i++)
      report(s, address(100 + i), path(`9.9.9.9/${i + 1}`), at(`7.7.7.7/${i + 1}`), false, i)
    expect(s.reports.size).toBe(MOST_REPORTS)
    expect(surfaceEndpoints(s)[0]).toEqual(at('7.7.7.7/1000'))
  })

  it('expire after ten minutes, and are bounded', () => {
    const s = surface()
    for (let i = 0; i < 1_000; i++)
      report(s, address(100 + i), path(`9.9.9.9/${i + 1}`), at(`7.7.7.7/${i + 1}`), false, i)
    expect(s.reports.size).toBe(MOST_REPORTS)
    expireReports(s, 600_998)
    expect(s.reports.size).toBe(1)
  })
})
