import { aesDecrypt, aesEncrypt, aesKeys } from './aes.ts'
import { assemble } from './emitter.ts'
import { ghashTable, gmac } from './ghash.ts'
import { identityDigest } from './identity-digest.ts'
import { internetChecksum } from './internet-checksum.ts'
import { PAGES } from './layout.ts'
import { poly1305 } from './poly1305-lanes.ts'
import { salsaKey, salsaOpen, salsaSeal } from './salsa-armor.ts'
import { salsaStream, salsaWrite, salsaXor } from './salsa20-blocks.ts'
import { sivClaims, sivCrypt, sivInner, sivJudge, sivNonces, sivReveal, sivTags } from './siv-batch.ts'

/** The crypto module, assembled from its routines. Nobody pays for this at run time: `module.generated.ts` has the result. */
export const assembleModule = (): Uint8Array =>
  assemble(
    [
      salsaWrite,
      salsaXor,
      salsaStream,
      poly1305,
      salsaKey,
      salsaSeal,
      salsaOpen,
      aesKeys,
      aesEncrypt,
      aesDecrypt,
      ghashTable,
      gmac,
      sivNonces,
      sivInner,
      sivTags,
      sivClaims,
      sivCrypt,
      sivReveal,
      sivJudge,
      identityDigest,
      internetChecksum,
    ],
    PAGES,
  )

/** The text of `module.generated.ts`. */
export const moduleSource = (): string => {
  const base64 = Buffer.from(assembleModule()).toString('base64')
  const lines = base64.match(/.{1,110}/g) ?? []
  return [
    '/** The crypto module of `module.ts`, in base64. Made by `npm run wasm`; a test compares. */',
    `export const moduleBase64 =\n${lines.map((line) => `  '${line}'`).join(' +\n')}`,
    '',
  ].join('\n')
}
