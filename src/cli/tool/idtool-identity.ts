import { type Call, defineSubcommand } from '../command.ts'
import { fail, misuse } from '../failure.ts'
import { refuseExisting, writeAllNew } from '../file.ts'
import { identityOf, nameOf } from './identity-operand.ts'

type Files = [secret: string | undefined, open: string | undefined, vanity: string | undefined]

export const generate = defineSubcommand<object, Files>({
  summary: 'make a new identity',
  operands: [
    {
      name: '[secret-file]',
      text: 'where the identity with its secret key goes (default: it is printed)',
      offers: 'files',
    },
    { name: '[public-file]', text: 'where it goes without', offers: 'files' },
    { name: '[vanity]', text: 'hex digits that the address shall begin with: 16 times as long for each' },
  ],
  about: 'A few tenths of a second to some seconds of work. Nothing is written over.',
  examples: [['rxzt idtool generate identity.secret identity.public', 'as a home directory has them']],
  async run(call) {
    const { operands, out } = call
    const [secretFile, publicFile, vanity = ''] = operands
    if (!/^[0-9a-f]{0,10}$/i.test(vanity))
      misuse(`vanity "${vanity}" is not up to 10 hex digits`, 'use digits like beef')
    for (const file of [secretFile, publicFile]) if (file !== undefined) await refuseExisting(file)
    const identity = await found(call, vanity.toLowerCase())
    const secret = identity.exportSecret()
    if (secretFile === undefined) {
      out.result({ id: identity.id, public: identity.public, secret }, secret)
      return undefined
    }
    const files = [
      { path: secretFile, content: secret, secret: true },
      ...(publicFile === undefined ? [] : [{ path: publicFile, content: identity.public }]),
    ]
    await writeAllNew(files)
    for (const { path } of files) out.line(`${path} written`)
    out.document({ id: identity.id, public: identity.public, files: files.map(({ path }) => path) })
    return undefined
  },
})

const found = async ({ out, io }: Call, vanity: string) => {
  const { generateIdentity } = await import('../../index.node.ts')
  for (let tried = 1; ; tried++) {
    const identity = await generateIdentity({ signal: io.interrupted() })
    if (identity.id.startsWith(vanity)) {
      out.progress('')
      return identity
    }
    out.progress(`${tried} made, one in ${16 ** vanity.length} fits; last ${identity.id}`)
  }
}

export const validate = defineSubcommand<object, [identity: string]>({
  summary: 'tell whether an address follows from its key',
  operands: [{ name: '<identity>', text: 'a file, or the text of an identity', offers: 'files' }],
  about: 'Exit code 1 if it does not: nobody would speak with such a node.',
  async run({ operands: [operand], out }) {
    const identity = await identityOf(operand)
    const [{ isLocallyValid, publicKeyOf }, { bestCrypto }] = await Promise.all([
      import('../../protocol/crypto/identity.ts'),
      import('../../streams/io/crypto-fast.ts'),
    ])
    const { secretKey, publicKey } = identity
    if (!isLocallyValid(bestCrypto(), identity))
      fail(`${nameOf(operand)} FAILED validation.`, 'its address does not follow from its key: make a new identity')
    if (secretKey !== undefined && !publicKeyOf(bestCrypto(), secretKey).every((byte, i) => byte === publicKey[i]))
      fail(
        `${nameOf(operand)} FAILED validation.`,
        'its secret key is not that of its public key: restore it from a backup',
      )
    out.result({ valid: true }, `${nameOf(operand)} is a valid identity`)
    return undefined
  },
})

export const getpublic = defineSubcommand<object, [identity: string]>({
  summary: 'print an identity without its secret key',
  operands: [{ name: '<identity>', text: 'a file, or the text of an identity', offers: 'files' }],
  async run({ operands: [operand], out }) {
    const identity = await identityOf(operand)
    const [{ printIdentity }, { publicNodeId }] = await Promise.all([
      import('../../protocol/crypto/identity.ts'),
      import('../../streams/public-id.ts'),
    ])
    const text = printIdentity(identity)
    out.result({ id: publicNodeId(identity.address), public: text }, text)
    return undefined
  },
})
