import type { Option } from '../command.ts'
import { ipAddress, portOrAny } from '../operand.ts'
import type { LogLevel } from './log.ts'

/** How a service is told to be, whatever its node does. */
export interface ServiceOptions {
  readonly port?: number
  readonly apiPort?: number
  readonly udpAddress?: readonly string[]
  readonly logLevel?: LogLevel
  readonly detach?: boolean
}

export const serviceOptions: readonly Option[] = [
  { flags: '-p, --port <port>', text: 'UDP port, and TCP port of the API; 0: any', parse: portOrAny, default: 9993 },
  { flags: '--api-port <port>', text: 'another TCP port for the API', parse: portOrAny },
  {
    flags: '--udp-address <ip>',
    text: 'only on this address of the machine; may be given again',
    parse: ipAddress,
    repeated: true,
  },
  {
    flags: '--log-level <level>',
    text: 'what is printed (default: info; with -v debug)',
    choices: ['error', 'warn', 'info', 'debug'],
  },
  { flags: '--detach', text: 'go on in the background when it runs; what it prints goes to <home>/rxzt.log' },
]
