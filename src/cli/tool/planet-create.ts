import { defineSubcommand } from '../command.ts'
import { misuse } from '../failure.ts'
import { planetId } from '../operand.ts'
import { identityOf } from './identity-operand.ts'

interface CreateOptions {
  readonly root: readonly string[]
  readonly key: string
  readonly id?: bigint
}

export const create = defineSubcommand<CreateOptions, [file: string]>({
  summary: 'sign a planet',
  operands: [{ name: '<file>', text: 'where it goes; nothing is written over', offers: 'files' }],
  options: [
    {
      flags: '--root <identity=ip/port,…>',
      text: 'a root: its identity.public, and where it always is; up to 4',
      repeated: true,
    },
    { flags: '--key <file>', text: 'what signs it, and revisions of it; made if it is not there. Keep it' },
    { flags: '--id <hex>', text: 'of an earlier revision of the same planet (default: a new one)', parse: planetId },
  ],
  about: `Makes a world with roots of its own, or with --id of an earlier one and its key the next revision of that: roots tell it to
nodes that know the one before.`,
  examples: [
    [
      'rxzt planet create planet --key planet.key --root identity.public=192.0.2.1/9993',
      'then, on the root: `rxzt root`',
    ],
  ],
  async run({ operands: [file], options, out }) {
    const { root: roots = [], key } = options
    if (roots.length === 0) misuse('a planet has at least one root', 'name it: --root identity.public=192.0.2.1/9993')
    if (key === undefined)
      misuse('a planet has a key that signs it', 'name its file: --key planet.key; it is made if it is not there')
    const [{ createPlanet }, { printIdentity }, { parseEndpoint }, { newPlanetId, signedInto }] = await Promise.all([
      import('../../controller.node.ts'),
      import('../../protocol/crypto/identity.ts'),
      import('../../protocol/peer/endpoint.ts'),
      import('./signing-key.ts'),
    ])
    const specs = []
    for (const root of roots) {
      const at = root.lastIndexOf('=')
      const places = at < 0 ? [] : root.slice(at + 1).split(',')
      const endpoints = places.map(
        (text) =>
          parseEndpoint(text) ??
          misuse(`"${text}" is no place of a root`, 'write its address and UDP port, as 192.0.2.1/9993'),
      )
      if (endpoints.length === 0)
        misuse(`--root "${root.slice(0, 80)}" does not say where it is`, 'write --root identity.public=192.0.2.1/9993')
      const identity = printIdentity(await identityOf(root.slice(0, at)))
      specs.push({ identity, endpoints })
    }
    const id = options.id ?? newPlanetId()
    const spec = { id, timestamp: BigInt(Date.now()), roots: specs }
    await signedInto(file, key, (signingKey) => createPlanet({ ...spec, signingKey }))
    out.result(
      { file, id: id.toString(16).padStart(16, '0'), key },
      `${file} written, planet ${id.toString(16).padStart(16, '0')}`,
    )
    return undefined
  },
})
