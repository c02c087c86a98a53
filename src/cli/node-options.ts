import type { Option } from './command.ts'
import { ipAddress, portOrAny, seconds } from './operand.ts'

/** Options of every command that may run a node of its own. */
export interface NodeChoice {
  readonly ephemeral?: boolean
  readonly planet?: string
  readonly udpPort?: number
  readonly udpAddress?: readonly string[]
  readonly timeout?: number
}

export const nodeOptions: readonly Option[] = [
  {
    flags: '--ephemeral',
    text: 'a node of its own with a new identity, of which nothing is kept, whatever service runs',
  },
  { flags: '--planet <file>', text: 'roots instead of those of the home directory, for a node of its own' },
  { flags: '--udp-port <port>', text: 'where a node of its own is on the physical network', parse: portOrAny },
  {
    flags: '--udp-address <ip>',
    text: 'only on this address of the machine; may be given again',
    parse: ipAddress,
    repeated: true,
  },
  {
    flags: '--timeout <seconds>',
    text: 'how long to wait for a root, or for the network',
    parse: seconds('--timeout'),
  },
]

/** Options of commands that are told names of hosts. */
export interface NameChoice {
  readonly dns?: readonly string[]
}
export const nameOptions: readonly Option[] = [
  {
    flags: '--dns <ip>',
    text: 'ask this name server, whichever the network has; may be given again',
    parse: ipAddress,
    repeated: true,
  },
]
