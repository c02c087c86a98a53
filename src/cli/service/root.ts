import { defineCommand } from '../command.ts'
import { ipAddress, portOrAny } from '../operand.ts'
import type { RootOptions } from './serve-root.ts'

export const command = defineCommand<RootOptions>({
  about: `Runs a node that the planet of its home directory names as a root: it introduces nodes to each other and relays where they do
not reach each other. It is a service like \`rxzt up\`, with the same API.

With --planet-key and --endpoint on a home directory without a planet, it makes one that names this root alone and signs it;
\`planet\` in the home directory is then what every other node gets.`,
  options: [
    { flags: '--planet-key <file>', text: 'what signs a new planet; made if it is not there. Keep it apart' },
    {
      flags: '--endpoint <ip/port>',
      text: 'where this root always is, for a new planet; may be given again',
      repeated: true,
    },
    { flags: '-p, --port <port>', text: 'UDP port, and TCP port of the API', parse: portOrAny, default: 9993 },
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
  ],
  examples: [
    ['rxzt root -D /var/lib/rxzt-root --planet-key planet.key --endpoint 192.0.2.1/9993', 'a world of one root'],
    ['rxzt up --planet /var/lib/rxzt-root/planet', 'a node in it'],
  ],
  async run(call) {
    if (call.options.detach === true) {
      const { detached } = await import('./detach.ts')
      return detached(call)
    }
    const { serveRoot } = await import('./serve-root.ts')
    return serveRoot(call)
  },
})
