/**
 * The one door to fp-ts. Everything else imports from here, because `fp-ts/Either` passes the compiler and the test
 * runner and then fails in Node (the package has no `exports` map).
 */
export * as E from 'fp-ts/lib/Either.js'
export { absurd, flow, pipe } from 'fp-ts/lib/function.js'
export * as O from 'fp-ts/lib/Option.js'
