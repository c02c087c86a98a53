import { diagnoseHost } from './diagnose-host.ts'
import { diagnoseNetwork } from './diagnose-network.ts'
import type { Evidence, NodeEvidence } from './evidence.ts'
import { type Finding, finding } from './finding.ts'
import { printEndpoint } from './print-endpoint.ts'

/**
 * What is wrong, by what was seen: the deepest cause alone, since whatever stands on it has to fail as well. Nothing for a
 * node that is online, in its networks, and reaches whom it was asked to.
 */
export const diagnose = (evidence: Evidence): readonly Finding[] => {
  const { node, networks, host } = evidence
  const ends = evidence.ends.map(diagnoseEnd)
  if (node === undefined || ends.some(({ cause }) => cause === 'identity-collision')) return ends
  if (!node.online) return [...ends, diagnoseSilence(evidence, node)]
  const ofNetworks = networks.flatMap((network) => diagnoseNetwork(network, node.id))
  // a name has no address where its name servers are silent
  const isTold = host?.unresolved !== undefined && ofNetworks.some(({ cause }) => cause === 'dns')
  return [
    ...ends,
    ...(isTunneled(node) ? [diagnoseTunnel(node)] : []),
    ...diagnoseClocks(evidence),
    ...ofNetworks,
    ...(host === undefined || isTold ? [] : diagnoseHost(host, node)),
  ]
}

const diagnoseEnd = ({ code, message }: Evidence['ends'][number]): Finding => {
  const [what = '', cure = 'look at its message with -v'] = message.split(' — ')
  if (code === 'ERR_ZT_BIND' && message.includes('EADDRINUSE')) {
    const port = /\d+/.exec(message)?.[0] ?? ''
    return finding(
      'port-taken',
      what,
      `find out who has it with \`ss -lunp sport = :${port}\`: end that program, or give this node another with --udp-port`,
    )
  }
  if (code === 'ERR_ZT_BIND') return finding('no-address', what, cure)
  if (code === 'ERR_ZT_IDENTITY_COLLISION') return finding('identity-collision', what, cure)
  return finding('not-started', what, cure)
}

/** No root answered. */
const diagnoseSilence = ({ knocks }: Evidence, node: NodeEvidence): Finding => {
  const roots = knocks.filter(({ at }) => at === 'root')
  const places = roots.map(({ place }) => place).join(', ')
  const all = (reply: string): boolean => roots.length > 0 && roots.every((knock) => knock.reply === reply)
  if (all('forbidden'))
    return finding(
      'udp-blocked',
      `this machine does not let UDP out to the roots (${places})`,
      'allow outgoing UDP in its firewall: `nft list ruleset` or `iptables -S` shows the rules',
    )
  if (all('unreachable'))
    return finding(
      'udp-blocked',
      `this machine has no route to the roots (${places})`,
      'check that its network is up and has a default route: `ip route`',
    )
  const refusing = roots.find(({ reply }) => reply === 'refused')
  if (refusing !== undefined)
    return finding(
      'wrong-planet',
      `no root answers, and at ${refusing.place}, where the planet has one, nobody listens`,
      wrongPlanet(node),
    )
  const elsewhere = knocks.find(({ at, reply }) => at === 'elsewhere' && (reply === 'answered' || reply === 'refused'))
  if (elsewhere !== undefined || node.heard > 0)
    return finding(
      'wrong-planet',
      `no root answers (${places}), though UDP gets out: ${elsewhere?.place ?? 'other nodes'} answered`,
      wrongPlanet(node),
    )
  return finding(
    'udp-blocked',
    `nothing that is sent by UDP is answered, by the roots (${places}) or anybody else`,
    `${openUdp}${node.planet.isPublic ? '' : `; where other programs get out, check that ${nameOf(node.planet)} is the one of this network`}`,
  )
}

const openUdp = 'allow outgoing UDP, at least to port 9993, in the firewall of this machine and of its network'

const wrongPlanet = ({ planet }: NodeEvidence): string =>
  planet.isPublic
    ? 'allow UDP to port 9993; if the network has roots of its own, get its planet file and name it with --planet'
    : `check that ${nameOf(planet)} is the one of this network and that its roots run; get its file anew, and name it with --planet`

const nameOf = ({ id }: NodeEvidence['planet']): string => (id === undefined ? 'the planet' : `planet ${id}`)

const isTunneled = ({ roots }: NodeEvidence): boolean => {
  const reached = roots.filter(({ link }) => link !== 'unreachable' && link !== 'unknown')
  return reached.length > 0 && reached.every(({ link }) => link === 'tcp')
}

const diagnoseTunnel = ({ roots }: NodeEvidence): Finding =>
  finding(
    'udp-blocked',
    `the roots answer by the TCP relay alone, not by UDP (${roots.flatMap((root) => root.endpoints.map(printEndpoint)).join(', ')})`,
    openUdp,
  )

/** The nearest clock counts: that of others may be wrong as well, which is why all are told. */
const diagnoseClocks = ({ clocks }: Evidence): readonly Finding[] => {
  const wrong = clocks.filter(({ ahead }) => Math.abs(ahead) > CLOCK_TOLERANCE)
  if (wrong.length === 0 || wrong.length < clocks.length) return []
  const told = wrong.map(
    ({ by, ahead }) => `${printDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} ${by}`,
  )
  return [
    finding(
      'clock',
      `this machine's clock is ${told.join(', and ')}`,
      wrong.length === 1
        ? 'set it, as by `timedatectl set-ntp true`; if it is right, set the other one'
        : 'set it, as by `timedatectl set-ntp true`',
    ),
  ]
}

const printDuration = (ms: number): string => {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** Clocks that are kept differ by less; log-ins and certificates are good for minutes. */
const CLOCK_TOLERANCE = 60_000
