import { fixtureIdentities } from '../streams/virtual/fixture-identities.ts'

/** Things made in advance, because making them takes long. */
export const fixtures: {
  /** Secret identities, in text form. They are published: for tests only. */
  readonly identities: readonly string[]
} = { identities: fixtureIdentities }
