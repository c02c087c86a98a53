import { defineCommand } from '../command.ts'
import type { ServiceChoice } from '../control/service.ts'
import { connectionOptions } from '../control/service.ts'
import { nodeOptions } from '../node-options.ts'
import { networkId } from '../operand.ts'

export interface DoctorOptions extends ServiceChoice {
  readonly timeServer?: string
}

export const command = defineCommand<DoctorOptions, [nwid: string | undefined, host: string | undefined]>({
  about: `Finds out why a node is offline, out of its network, or slow. It looks at the port, the roots, the router on the way, the
controller, the clock and the name servers, and at the way to a member if one is named: directly or not, and how large packets may be.

Where a service runs on the home directory (\`rxzt up\`, or a native one) it is the service's node that is looked at, else one that
is started for it with the same identity, and ended. Nothing is changed. Whom it asks: the roots, the controller, the member, the
name servers of the network; if no root answers also the name servers of this machine, by UDP; and a time server if one is named.

What is wrong comes in two lines, the cause and what to do about it. Exit code 0: nothing is wrong, 1: something is.`,
  operands: [
    { name: '[nwid]', text: 'network ID; without it, those that the node is in' },
    { name: '[host]', text: 'a member of it, by address or name' },
  ],
  options: [
    { flags: '--time-server <host>', text: 'compare the clock with this server as well (NTP)' },
    ...connectionOptions,
    ...nodeOptions.filter(({ flags }) => !flags.startsWith('--timeout')),
  ],
  examples: [
    ['rxzt doctor', 'why is it offline?'],
    ['rxzt doctor 8056c2e21c000001 10.147.17.5', 'and why is that member not reached, or slow?'],
    ['rxzt doctor -D /var/lib/zerotier-one', 'of a native service'],
    ["rxzt doctor -j | jq -r '.findings[].cause'", 'the names of the causes, for scripts'],
  ],
  async run(call) {
    const { operands, out } = call
    const [nwid, host] = operands
    const [{ evidenceOf }, { diagnose }, { report }] = await Promise.all([
      import('./evidence-of.ts'),
      import('./diagnose.ts'),
      import('./report.ts'),
    ])
    const evidence = await evidenceOf(call, nwid === undefined ? [] : [networkId(nwid)], host)
    const findings = diagnose(evidence)
    out.progress('')
    report(out, evidence, findings)
    return findings.length === 0 ? 0 : 1
  },
})
