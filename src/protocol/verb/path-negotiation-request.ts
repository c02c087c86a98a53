import { type Codec, remaining, type TypeOf, u16 } from '../kernel/codec.ts'
import { badField } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'

export interface Utility {
  /** −32768 … 32767; the higher wins, of equals the one whose sender has the larger address. */
  readonly utility: number
}

/**
 * PATH_NEGOTIATION_REQUEST (0x16): how useful the sender finds the path this comes by. Sent under suite 0, never answered;
 * without multipath it is dropped.
 *
 *     utility[2, signed]      and nothing else
 */
export const pathNegotiationRequest: Codec<Utility> = {
  read: (r) => {
    if (remaining(r) > 2) return E.left(badField('path negotiation size', remaining(r)))
    const value = u16.read(r)
    return value._tag === 'Left' ? value : E.right({ utility: (value.right << 16) >> 16 })
  },
  write: (w, { utility }) => u16.write(w, utility & 0xffff),
}
export type PathNegotiationRequest = TypeOf<typeof pathNegotiationRequest>
