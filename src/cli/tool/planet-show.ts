import { defineSubcommand } from '../command.ts'
import { fail } from '../failure.ts'
import { readBytes } from '../file.ts'

export const show = defineSubcommand<object, [file: string]>({
  summary: 'tell what a planet or moon file says',
  operands: [{ name: '<file>', text: 'a planet, or a .moon', offers: 'files' }],
  async run({ operands: [file], out }) {
    const bytes = await readBytes(file)
    const [{ signedBytes, world }, { decode }, { verify }, { bestCrypto }, { describeWorld }, { explain }] =
      await Promise.all([
        import('../../protocol/world/world.ts'),
        import('../../protocol/kernel/codec.ts'),
        import('../../protocol/crypto/signature.ts'),
        import('../../streams/io/crypto-fast.ts'),
        import('./world-json.ts'),
        import('../../protocol/kernel/error.ts'),
      ])
    const parsed = decode(world, bytes)
    if (parsed._tag === 'Left') return fail(`${file} is no planet or moon: ${explain(parsed.left)}`, 'check the path')
    const { updateKey, signature } = parsed.right
    const signed = verify(bestCrypto(), updateKey, signedBytes(parsed.right), signature)
    const shown = describeWorld(parsed.right, signed)
    out.document(shown)
    out.line(
      `${out.style('bold', `${shown.type} ${shown.id}`)}  revision ${shown.timestamp} (${shown.date ?? 'no date'})`,
    )
    out.line(`updates must be signed by ${shown.updatesMustBeSignedBy}`)
    out.line(signed ? 'signed by that key' : 'signed by another key, that of the revision before')
    for (const { identity, stableEndpoints } of shown.roots) {
      out.line(`root ${identity.slice(0, 10)}  ${stableEndpoints.length > 0 ? stableEndpoints.join(' ') : 'nowhere'}`)
      out.line(`     ${identity}`)
    }
    return undefined
  },
})
