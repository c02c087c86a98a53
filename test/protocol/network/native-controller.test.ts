import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Identity, parseIdentity } from '../../../src/protocol/crypto/identity.ts'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { parseChunk, verifyChunk } from '../../../src/protocol/network/chunk.ts'
import { decodeConfig } from '../../../src/protocol/network/config-dictionary.ts'
import { type Com, com, comAgrees, comIssuedTo, verifyCom } from '../../../src/protocol/network/credential/com.ts'
import { ownership, verifyOwnership } from '../../../src/protocol/network/credential/ownership.ts'
import { networkCredentials } from '../../../src/protocol/verb/network-credentials.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { capturedPackets } from '../../support/captures.ts'
import { hex, unhex } from '../../support/checker.ts'

const right = <L, A>(found: E.Either<L, A>): A => {
  if (E.isLeft(found)) throw new Error(JSON.stringify(found.left))
  return found.right
}
const captures = new URL('../../captures/', import.meta.url)
const identity = (name: string): Identity =>
  right(parseIdentity(readFileSync(new URL(`ids/${name}.identity.public`, captures), 'utf8').trim()))
const nodes = ['zc', 'za', 'zb', 'zr'].map(identity)
const known = (at: number): Identity | undefined => nodes.find((node) => node.address === at)
const controller = nodes[0]!

/** What a native controller issued to native members, seen with our eyes. */
const configs = capturedPackets('02-join-za')
  .filter(({ verb, payload }) => verb === 'OK' && payload.startsWith('0b'))
  .map(({ payload }) => right(parseChunk(unhex(payload), 9)))
const shownIn = (name: string): readonly string[] =>
  capturedPackets(name)
    .filter(({ verb }) => verb === 'NETWORK_CREDENTIALS')
    .map(({ payload }) => payload)
const parsed = (payloads: readonly string[]) =>
  payloads.map((payload) => right(decode(networkCredentials, unhex(payload))))

describe('what a native controller issued', () => {
  it('are configurations whose chunks and certificates it signed', () => {
    expect(configs.length).toBeGreaterThan(0)
    for (const chunk of configs) {
      expect(verifyChunk(nobleCrypto, controller, chunk.signed!)).toBe(true)
      const config = right(decodeConfig(chunk.data))
      expect(verifyCom(nobleCrypto, known, right(decode(com, config.com!)))).toBe('valid')
      for (const one of config.ownership)
        expect(verifyOwnership(nobleCrypto, known, right(decode(ownership, one)))).toBe('valid')
    }
  })

  it('are credentials that members show each other', () => {
    const payloads = [...shownIn('03-first-contact-za'), ...shownIn('07-relay-zb')]
    expect(payloads.length).toBeGreaterThan(2)
    for (const [i, one] of parsed(payloads).entries()) {
      expect(hex(encode(networkCredentials, one))).toBe(payloads[i])
      for (const owned of one.ownership) expect(verifyOwnership(nobleCrypto, known, owned)).toBe('valid')
      for (const shown of one.coms) expect(verifyCom(nobleCrypto, known, shown)).toBe('valid')
    }
  })

  it('agree within the same minutes, and no longer with those of an hour later', () => {
    const [now, later] = [shownIn('03-first-contact-za'), shownIn('07-relay-zb')].map((payloads) =>
      parsed(payloads).flatMap((one) => one.coms),
    )
    const agrees = (mine: Com, other: Com): boolean => comAgrees(nobleCrypto, mine, other, known(comIssuedTo(other))!)
    for (const mine of now!) {
      for (const other of now!) expect(agrees(mine, other)).toBe(true)
      for (const other of later!) expect(agrees(mine, other)).toBe(false)
    }
  })
})
