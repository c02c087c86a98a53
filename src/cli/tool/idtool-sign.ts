import { defineSubcommand } from '../command.ts'
import { fail } from '../failure.ts'
import { readBytes, readText } from '../file.ts'
import { identityOf, secretIdentityOf } from './identity-operand.ts'

export const sign = defineSubcommand<object, [identity: string, file: string]>({
  summary: 'sign a file with an identity',
  operands: [
    { name: '<identity>', text: 'an identity.secret, or its text', offers: 'files' },
    { name: '<file>', text: 'what is signed', offers: 'files' },
  ],
  about: 'Prints the signature: 96 bytes in hex.',
  async run({ operands: [operand, file], out }) {
    const identity = await secretIdentityOf(operand)
    const message = await readBytes(file)
    const [{ sign }, { bestCrypto }, { toHex }] = await Promise.all([
      import('../../protocol/crypto/signature.ts'),
      import('../../streams/io/crypto-fast.ts'),
      import('./hex.ts'),
    ])
    const signature = toHex(sign(bestCrypto(), identity, message))
    out.result({ signature }, signature)
    return undefined
  },
})

export const verify = defineSubcommand<object, [identity: string, file: string, signature: string]>({
  summary: 'tell whether an identity signed a file',
  operands: [
    { name: '<identity>', text: 'an identity.public, or its text', offers: 'files' },
    { name: '<file>', text: 'what was signed', offers: 'files' },
    { name: '<signature>', text: 'in hex, or a file that holds it so', offers: 'files' },
  ],
  about: 'Exit code 1 if it did not.',
  async run({ operands: [operand, file, given], out }) {
    const identity = await identityOf(operand)
    const message = await readBytes(file)
    const { fromHex } = await import('./hex.ts')
    const signature = fromHex(given) ?? fromHex((await readText(given)).trim())
    if (signature === undefined)
      return fail(`${given} holds no signature`, 'give the hex that `sign` printed, or its file')
    const [{ verify }, { bestCrypto }] = await Promise.all([
      import('../../protocol/crypto/signature.ts'),
      import('../../streams/io/crypto-fast.ts'),
    ])
    if (!verify(bestCrypto(), identity.publicKey, message, signature))
      fail(`${file} signature check FAILED`, 'the file was changed, or somebody else signed it: get both anew')
    out.result({ valid: true }, `${file} signature valid`)
    return undefined
  },
})
