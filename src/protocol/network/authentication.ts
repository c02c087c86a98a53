import { parseDictionary, printDictionary, text, textValue, unsigned, unsignedValue } from './dictionary.ts'

/** What an OpenID Connect flow starts from (`docs/protocol/vl2.md` §7.4). */
export interface OpenIdStart {
  readonly issuerUrl: string
  readonly centralUrl: string
  readonly nonce: string
  readonly state: string
  readonly clientId: string
  readonly provider: string
}

/**
 * How a member is to authenticate, as ERROR 09 says it in a dictionary (`docs/protocol/vl2.md` §7.6): a URL to show, or
 * an OpenID Connect flow.
 */
export type Authentication = { readonly version: 0; readonly url: string } | ({ readonly version: 1 } & OpenIdStart)

/** `undefined` where there is nothing to go by: version 0 without a URL, or an unknown version. */
export const parseAuthentication = (dictionary: Uint8Array): Authentication | undefined => {
  const d = parseDictionary(dictionary)
  const version = unsigned(d, 'aV')
  if (version === 0n) {
    const url = text(d, 'aU', 2047)
    return url === '' ? undefined : { version: 0, url }
  }
  if (version !== 1n) return undefined
  return {
    version: 1,
    issuerUrl: text(d, 'iU', 2047),
    centralUrl: text(d, 'aCU', 2047),
    nonce: text(d, 'aN', 63),
    state: text(d, 'aS', 127),
    clientId: text(d, 'aCID', 255),
    provider: text(d, 'aSSOp', 63, 'default'),
  }
}

export const printAuthentication = (a: Authentication): Uint8Array =>
  a.version === 0
    ? printDictionary([
        ['aV', unsignedValue(0n)],
        ['aU', textValue(a.url)],
      ])
    : printDictionary([
        ['aV', unsignedValue(1n)],
        ['iU', textValue(a.issuerUrl)],
        ['aCU', textValue(a.centralUrl)],
        ['aN', textValue(a.nonce)],
        ['aS', textValue(a.state)],
        ['aCID', textValue(a.clientId)],
        ['aSSOp', textValue(a.provider)],
      ])
