import { describe, expect, it } from 'vitest'
import { diagnose } from '../../../src/cli/doctor/diagnose.ts'
import type { Evidence, NodeEvidence } from '../../../src/cli/doctor/evidence.ts'
import { natOf } from '../../../src/cli/doctor/nat.ts'

const at = (address: string, port: number) => ({ address, port })
const node: NodeEvidence = {
  id: '1a02b166b2',
  online: true,
  endpoints: [at('192.0.2.7', 9993), at('192.0.2.7', 29_384)],
  surfaces: [],
  planet: { id: '0000000008ea7be8', isPublic: false },
  roots: [{ id: '8086218187', endpoints: [at('198.51.100.1', 9993)], link: 'direct' }],
  heard: 5,
}
const well: Evidence = { ends: [], node, knocks: [], clocks: [], networks: [] }
const causes = (evidence: Partial<Evidence>): readonly string[] =>
  diagnose({ ...well, ...evidence }).map(({ cause }) => cause)

describe('what was seen, judged', () => {
  it('gives one line of cause and one of cure, both of them for people', () => {
    const offline = { ...node, online: false }
    const knocks = (['silent', 'refused', 'forbidden', 'unreachable'] as const).map((reply) => [
      { at: 'root' as const, place: '198.51.100.1:9993', reply },
    ])
    const status = ['denied', 'not-found', 'too-old', 'auth-required', 'requesting', 'ok', 'not-joined']
    const all = [
      ...knocks.flatMap((one) => diagnose({ ...well, node: offline, knocks: one })),
      ...status.flatMap((one) =>
        (['direct', 'relay', 'unknown'] as const).flatMap((way) =>
          diagnose({
            ...well,
            networks: [
              { id: '8056c2e21c000001', name: '', status: one, addresses: [], controller: { id: '8056c2e21c', way } },
            ],
          }),
        ),
      ),
    ]
    expect(all.length).toBeGreaterThan(20)
    for (const { what, cure } of all) {
      expect(`${what}${cure}`).not.toMatch(/\n|undefined|\.$/)
      expect(what.length).toBeGreaterThan(20)
      expect(cure.length).toBeGreaterThan(15)
    }
  })

  it('names the deepest cause alone: a node that is offline is in no network', () => {
    const networks = [
      {
        id: '8056c2e21c000001',
        name: '',
        status: 'requesting',
        addresses: [],
        controller: { id: '8056c2e21c', way: 'unknown' as const },
      },
    ]
    expect(causes({ networks, node: { ...node, online: false, heard: 0 } })).toEqual(['udp-blocked'])
    expect(causes({ networks, node: { ...node, online: false, heard: 3 } })).toEqual(['wrong-planet'])
  })

  it('finds UDP blocked where only the TCP relay gets through', () => {
    expect(causes({ node: { ...node, roots: [{ ...node.roots[0]!, link: 'tcp' }] } })).toEqual(['udp-blocked'])
  })

  it('believes the clock where others do not agree that it is wrong', () => {
    const clocks = [{ by: 'a', ahead: -90_000_000 }]
    expect(diagnose({ ...well, clocks })[0]?.what).toBe("this machine's clock is 25 h behind a")
    expect(causes({ clocks: [...clocks, { by: 'b', ahead: 20 }] })).toEqual([])
    expect(causes({ clocks: [{ by: 'a', ahead: 59_000 }] })).toEqual([])
  })

  it('tells what to do about a relay by what kind of router stands here', () => {
    const host = {
      network: '8056c2e21c000001',
      host: '10.0.0.2',
      address: '10.0.0.2',
      node: 'aabbccddee',
      rtt: 9,
      way: 'relay' as const,
    }
    const surfaces = [at('203.0.113.5', 1), at('203.0.113.5', 2), at('203.0.113.5', 3)]
    expect(diagnose({ ...well, host, node: { ...node, surfaces } })[0]?.cure).toContain('gives each peer another port')
    expect(diagnose({ ...well, host })[0]?.cure).toContain('let UDP in on port 9993 here')
  })
})

describe('the router on the way', () => {
  it.each([
    ['unknown', []],
    ['none', [at('192.0.2.7', 9993)]],
    ['independent', [at('203.0.113.5', 9993), at('203.0.113.5', 29_384)]],
    ['dependent', [at('203.0.113.5', 1), at('203.0.113.5', 2), at('203.0.113.5', 3)]],
  ] as const)('is %s, by where others see the node', (kind, surfaces) => {
    expect(natOf({ ...node, surfaces })).toBe(kind)
  })
})
