import { defineCommand } from '../command.ts'
import type { RootOptions } from './serve-root.ts'
import { serviceOptions } from './service-options.ts'

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
    ...serviceOptions,
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
