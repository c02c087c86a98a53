import { defineSubcommand } from '../command.ts'
import { fail } from '../failure.ts'
import { readText, writeOver } from '../file.ts'
import { identityOf } from './identity-operand.ts'

export const initmoon = defineSubcommand<object, [identity: string]>({
  summary: 'print a moon to be filled in, with a new signing key',
  operands: [{ name: '<identity>', text: 'identity.public of its first root, which gives it its ID', offers: 'files' }],
  about: `Prints JSON. Add where each root always is to stableEndpoints, as "192.0.2.1/9993", and further roots if there are any; then
sign it with \`rxzt idtool genmoon\`. Keep the file: who has it says who the roots of the moon are.`,
  examples: [['rxzt idtool initmoon identity.public > moon.json', 'and then edit moon.json']],
  async run({ operands: [operand], out }) {
    const identity = await identityOf(operand)
    const [{ createSigningKey }, { printDraft, withoutSecret }] = await Promise.all([
      import('../../controller.node.ts'),
      import('./world-json.ts'),
    ])
    const signingKey = createSigningKey()
    const roots = [{ identity: withoutSecret(identity), endpoints: [] }]
    const draft = {
      type: 'moon',
      id: BigInt(identity.address),
      updateKey: signingKey.publicKey,
      signingKey,
      roots,
    } as const
    const text = printDraft(draft)
    out.result(JSON.parse(text), text)
    return undefined
  },
})

export const genmoon = defineSubcommand<{ readonly output?: string }, [json: string]>({
  summary: 'sign a moon',
  operands: [{ name: '<json>', text: 'what `initmoon` printed, filled in', offers: 'files' }],
  options: [{ flags: '-o, --output <file>', text: 'where it goes (default: <world ID>.moon)' }],
  about: `Writes <world ID>.moon into the working directory: what goes into moons.d of its roots, and of nodes that shall know it without
\`orbit\`. Each time it makes a later revision, which replaces the one before wherever that is known.`,
  async run({ operands: [file], options, out }) {
    const [{ createWorld, world }, { encode }, { bestCrypto }, { worldDraft }, { explain }] = await Promise.all([
      import('../../protocol/world/world.ts'),
      import('../../protocol/kernel/codec.ts'),
      import('../../streams/io/crypto-fast.ts'),
      import('./world-json.ts'),
      import('../../protocol/kernel/error.ts'),
    ])
    const { signingKey, ...draft } = worldDraft(await readText(file), file)
    const timestamp = BigInt(Date.now())
    const made = createWorld(bestCrypto(), signingKey, { ...draft, timestamp })
    if (made._tag === 'Left') return fail(`${file}: ${explain(made.left)}`, 'correct it and sign again')
    const name = options.output ?? `${draft.id.toString(16).padStart(16, '0')}.moon`
    await writeOver(name, encode(world, made.right))
    out.result({ file: name, timestamp }, `wrote ${name} (signed world with timestamp ${timestamp})`)
    return undefined
  },
})
