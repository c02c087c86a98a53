import type { Codec } from '../../kernel/codec.ts'
import { E } from '../../kernel/fp.ts'
import { extraField, signatureField } from './signature.ts'

/** `fields`, then the signature field, then the extra field: the shape of tags, certificates of ownership, revocations. */
export const signedCodec = <A extends object>(fields: Codec<A>): Codec<A & { readonly signature: Uint8Array }> => ({
  read: (r) => {
    const body = fields.read(r)
    if (body._tag === 'Left') return body
    const signature = signatureField.read(r)
    if (signature._tag === 'Left') return signature
    const extra = extraField.read(r)
    return extra._tag === 'Left' ? extra : E.right({ ...body.right, signature: signature.right })
  },
  write: (w, value) => {
    fields.write(w, value)
    signatureField.write(w, value.signature)
    extraField.write(w)
  },
})
