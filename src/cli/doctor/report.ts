import type { Output } from '../output.ts'
import type { Evidence, NetworkEvidence, NodeEvidence } from './evidence.ts'
import type { Finding } from './finding.ts'
import { natOf } from './nat.ts'
import { printSome } from './print-endpoint.ts'

/** What was seen, a line each, then what is wrong with it, two lines each. With `--json` one document. */
export const report = (out: Output, evidence: Evidence, findings: readonly Finding[]): void => {
  const { node } = evidence
  out.document({ findings, ...evidence, ...(node === undefined ? {} : { nat: natOf(node) }) })
  for (const [name, text] of linesOf(evidence)) out.line(`${name.padEnd(9)}${text}`)
  if (findings.length === 0) out.line(out.style('green', 'nothing is wrong'))
  for (const { what, cure } of findings) {
    out.line(`${out.style('red', '✗')} ${what}`)
    out.line(`  ${cure}`)
  }
}

const linesOf = ({ node, networks, host, clocks }: Evidence): readonly (readonly [name: string, text: string])[] => [
  ...(node === undefined ? [] : nodeLines(node)),
  ...clocks.map(
    ({ by, ahead }) =>
      ['clock', `${Math.round(Math.abs(ahead))} ms ${ahead < 0 ? 'behind' : 'ahead of'} ${by}`] as const,
  ),
  ...networks.map((network) => ['network', networkLine(network)] as const),
  ...(host === undefined
    ? []
    : [
        [
          'host',
          [host.host, host.rtt === undefined ? 'silent' : `${host.rtt.toFixed(1)} ms`, host.way ?? ''].join(' ').trim(),
        ] as const,
      ]),
]

const nodeLines = (node: NodeEvidence): readonly (readonly [string, string])[] => {
  const { id, online, endpoints, surfaces, roots, planet } = node
  const answering = roots.filter(({ link }) => link === 'direct' || link === 'tcp')
  const nearest = Math.min(...answering.map(({ latency }) => latency ?? Number.POSITIVE_INFINITY))
  const time = Number.isFinite(nearest) ? `, the nearest in ${nearest.toFixed(0)} ms` : ''
  const kind = natOf(node)
  return [
    ['node', `${id}, ${online ? 'online' : 'offline'}, bound to ${printSome(endpoints)}`],
    [
      'roots',
      `${answering.length} of ${roots.length} answer${time}, ${planet.isPublic ? 'public planet' : `planet ${planet.id ?? 'of its own'}`}`,
    ],
    ...(kind === 'unknown' ? [] : [['router', `${ROUTERS[kind]} ${printSome(surfaces)}`] as const]),
  ]
}

const networkLine = ({ id, name, status, addresses, controller }: NetworkEvidence): string =>
  [
    `${id}${name === '' || name === '-' ? '' : ` ${name}`}: ${status}`,
    ...addresses,
    `controller ${controller.way}`,
  ].join(', ')

const ROUTERS = {
  none: 'none, seen as',
  independent: 'one port for everybody, seen as',
  dependent: 'another port for each peer (symmetric NAT), seen as',
} as const
