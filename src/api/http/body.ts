import * as t from 'io-ts'
import { E } from '../../protocol/kernel/fp.ts'
import { isObject, type Json, type JsonObject } from '../../protocol/network/loose-json.ts'
import { NodeId } from '../id.ts'

/** A body that is no JSON, where there has to be one. */
export class BodyError extends Error {}

/** No body is an empty object, and so is JSON that is no object: native nodes look fields up in whatever comes. */
export const objectIn = (body: Uint8Array): JsonObject => {
  if (body.length === 0) return {}
  try {
    const found: Json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return isObject(found) ? found : {}
  } catch (cause) {
    throw new BodyError(`the body is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** The same where a body is optional: what cannot be read counts as not given. */
export const objectOrNothingIn = (body: Uint8Array): JsonObject => {
  try {
    return objectIn(body)
  } catch {
    return {}
  }
}

/** `undefined` for what is not of the type. */
export const decoded = <A>(type: t.Type<A, unknown, unknown>, value: unknown): A | undefined =>
  E.fold<t.Errors, A, A | undefined>(
    () => undefined,
    (a) => a,
  )(type.decode(value))

/** Anything but a boolean says nothing. */
const booleanOrNothing = new t.Type<boolean | undefined, boolean | undefined, unknown>(
  'boolean or nothing',
  (x): x is boolean | undefined => x === undefined || typeof x === 'boolean',
  (x) => t.success(typeof x === 'boolean' ? x : undefined),
  (x) => x,
)

/** POST /network/<nwid> */
export const joinBody = t.type({
  allowManaged: booleanOrNothing,
  allowGlobal: booleanOrNothing,
  allowDefault: booleanOrNothing,
  allowDNS: booleanOrNothing,
})
/** POST /moon/<id> */
export const orbitBody = t.type({ seed: NodeId })
