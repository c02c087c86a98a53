import { absurd } from '../kernel/fp.ts'
import { type Address, type NetworkId, printAddress, printNetworkId } from '../kernel/id.ts'

/** Why a controller did not do what it was told. A value; `explainControllerError` puts it into words. */
export type ControllerError =
  /** `field` names the option, `found` is what it was given, `cure` says what it takes. */
  | { readonly _tag: 'BadValue'; readonly field: string; readonly found: string; readonly cure: string }
  | { readonly _tag: 'UnknownNetwork'; readonly network: NetworkId }
  | { readonly _tag: 'UnknownMember'; readonly network: NetworkId; readonly member: Address }
  | { readonly _tag: 'NetworkExists'; readonly network: NetworkId }
  | { readonly _tag: 'Full'; readonly what: 'networks' | 'members'; readonly most: number }

export const badValue = (field: string, found: unknown, cure: string): ControllerError => ({
  _tag: 'BadValue',
  field,
  found: typeof found === 'string' ? found : (JSON.stringify(found) ?? String(found)),
  cure,
})

/** What was wrong, with the value, and what to do. */
export const explainControllerError = (error: ControllerError): string => {
  switch (error._tag) {
    case 'BadValue':
      return `${error.field} cannot be "${error.found}" — ${error.cure}`
    case 'UnknownNetwork':
      return `network ${printNetworkId(error.network)} does not exist on this controller — create it first`
    case 'UnknownMember':
      return `network ${printNetworkId(error.network)} has no member ${printAddress(error.member)} — it has to ask to join, or be authorized first`
    case 'NetworkExists':
      return `network ${printNetworkId(error.network)} exists already — choose another number, or update it`
    case 'Full':
      return `this controller holds ${error.most} ${error.what} and takes no more — delete some`
    default:
      return absurd(error)
  }
}
