import { absurd } from './fp.ts'

/** Why bytes are not what they claim to be. A value, never thrown: strangers send these to us all day. */
export type WireError =
  | { readonly _tag: 'Short'; readonly at: number; readonly missing: number }
  | { readonly _tag: 'BadField'; readonly field: string; readonly found: number | bigint | string }
  | { readonly _tag: 'UnknownVerb'; readonly code: number }

export const short = (at: number, missing: number): WireError => ({ _tag: 'Short', at, missing })
export const badField = (field: string, found: number | bigint | string): WireError => ({
  _tag: 'BadField',
  field,
  found,
})

export const explain = (error: WireError): string => {
  switch (error._tag) {
    case 'Short':
      return `${error.missing} more bytes expected at offset ${error.at}`
    case 'BadField':
      return `${error.field} cannot be ${error.found}`
    case 'UnknownVerb':
      return `no verb 0x${error.code.toString(16).padStart(2, '0')}`
    default:
      return absurd(error)
  }
}
