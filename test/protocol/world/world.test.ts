import { describe, expect, it } from 'vitest'
import { decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import {
  createWorld,
  isReplacedBy,
  MAX_ENDPOINTS,
  type Root,
  readWorlds,
  signedBytes,
  signWorld,
  type UnsignedWorld,
  type WorldKey,
  world,
  worldOrNull,
} from '../../../src/protocol/world/world.ts'
import { plainCrypto } from '../../../src/streams/io/crypto-plain.ts'
import { hex, unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const key = (seed: number): WorldKey => {
  const secretKey = seededRandom(seed)(64)
  const publicKey = new Uint8Array(64)
  publicKey.set(plainCrypto.x25519PublicKey(secretKey.subarray(0, 32)))
  publicKey.set(plainCrypto.ed25519PublicKey(secretKey.subarray(32)), 32)
  return { publicKey, secretKey }
}
const root = (name: number, ...ips: string[]): Root => ({
  identity: { address: address(name), publicKey: new Uint8Array(64).fill(name & 0xff) },
  endpoints: ips.map((ip) => ({ address: ip, port: 9993 })),
})
const mine = key(1)
const facts: UnsignedWorld = {
  type: 'planet',
  id: 42n,
  timestamp: 1000n,
  updateKey: mine.publicKey,
  roots: [root(0x0102030405, '10.0.0.1')],
}
const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error('refused')
  return either.right
}
const headOf = (type: string): string =>
  `${type}${'00'.repeat(7)}2a${'00'.repeat(6)}03e8${'aa'.repeat(64)}${'bb'.repeat(96)}`
const rootBytes = `010203040500${'05'.repeat(64)}00`
const value = {
  type: 'planet' as const,
  id: 42n,
  timestamp: 1000n,
  updateKey: new Uint8Array(64).fill(0xaa),
  signature: new Uint8Array(96).fill(0xbb),
  roots: facts.roots,
}

describe('a world', () => {
  itIsACodec(
    world,
    [
      { says: 'a planet', value, bytes: `${headOf('01')}01${rootBytes}01040a0000012709` },
      {
        says: 'a moon',
        value: { ...value, type: 'moon', roots: [root(0x0102030405)] },
        bytes: `${headOf('7f')}01${rootBytes}000000`,
      },
    ],
    [
      { field: 'world type', bytes: `${headOf('02')}00` },
      { field: 'world type', bytes: `${headOf('00')}00` },
      { field: 'number of roots', bytes: `${headOf('01')}05` },
      { field: 'number of endpoints', bytes: `${headOf('01')}01${rootBytes}21${'00'.repeat(33)}` },
    ],
  )

  it('of no type is read as a planet and means nothing', () => {
    const r = reader(unhex(`${headOf('00')}0000aa`))
    expect(worldOrNull.read(r)).toEqual(E.right(null))
    expect(r.end - r.at).toBe(2)
  })

  it('passes over the dictionary of a moon', () => {
    const r = reader(unhex(`${headOf('7f')}000003616263ff`))
    expect(world.read(r)).toEqual(E.right({ ...value, type: 'moon', roots: [] }))
    expect(r.end - r.at).toBe(1)
  })

  it('keeps no view of the packet it came in', () => {
    const packet = unhex(`${headOf('01')}00`)
    const found = right(decode(world, packet))
    packet.fill(0)
    expect(found).toEqual({ ...value, roots: [] })
  })

  it('stands behind another, until one is malformed', () => {
    const [planet, moon] = [`${headOf('01')}00`, `${headOf('7f')}000000`]
    const nothing = `${headOf('00')}00`
    expect(readWorlds(unhex(planet + nothing + moon + planet.slice(2))).map(({ type }) => type)).toEqual([
      'planet',
      'moon',
    ])
    expect(readWorlds(unhex(''))).toEqual([])
  })
})

describe('signing', () => {
  it('covers everything but the signature, between guards', () => {
    const signed = signWorld(plainCrypto, mine, facts)
    const whole = hex(encode(world, signed))
    const signature = hex(signed.signature)
    expect(hex(signedBytes(facts))).toBe(`${'7f'.repeat(8)}${whole.replace(signature, '')}${'f7'.repeat(8)}`)
  })

  it('puts roots and endpoints in order, so that the same facts give the same world', () => {
    const [a, b] = [root(5, '10.0.0.2', 'fd00::1', '10.0.0.1'), root(3)]
    const [one, other] = [
      right(createWorld(plainCrypto, mine, { ...facts, roots: [a, b] })),
      right(createWorld(plainCrypto, mine, { ...facts, roots: [b, a] })),
    ]
    expect(one).toEqual(other)
    expect(one.roots.map(({ identity }) => identity.address)).toEqual([3, 5])
    expect(one.roots[1]!.endpoints.map((endpoint) => endpoint.address)).toEqual(['10.0.0.1', '10.0.0.2', 'fd00::1'])
  })

  it.each([
    ['world ID', { ...facts, id: 0n }],
    ['number of roots', { ...facts, roots: [1, 2, 3, 4, 5].map((name) => root(name)) }],
    ['number of endpoints', { ...facts, roots: [root(1, ...Array<string>(MAX_ENDPOINTS + 1).fill('10.0.0.1'))] }],
    ['endpoint address', { ...facts, roots: [root(1, 'root.example.com')] }],
  ])('refuses a %s that no world can have', (field, wrong) => {
    expect(createWorld(plainCrypto, mine, wrong)).toMatchObject(E.left({ field }))
  })
})

describe('a newer world', () => {
  const current = signWorld(plainCrypto, mine, facts)
  const newer = (change: Partial<UnsignedWorld>, by = mine) =>
    signWorld(plainCrypto, by, { ...facts, timestamp: 1001n, ...change })
  const replaces = (next: typeof current): boolean => isReplacedBy(plainCrypto, current, next)

  it('takes the place of the current one', () => {
    expect(replaces(newer({}))).toBe(true)
  })

  it('is judged by the key that the current one names, not by its own', () => {
    const other = key(2)
    expect(replaces(newer({ updateKey: other.publicKey }))).toBe(true)
    expect(replaces(newer({ updateKey: other.publicKey }, other))).toBe(false)
  })

  it.each([
    ['of the same time', newer({ timestamp: 1000n })],
    ['of an earlier time', newer({ timestamp: 999n })],
    ['with another ID', newer({ id: 43n })],
    ['of another type', newer({ type: 'moon' })],
    ['signed by somebody else', newer({}, key(3))],
    ['changed after it was signed', { ...newer({}), roots: [root(0x0102030405, '10.0.0.66')] }],
    ['with a later time written over', { ...newer({}), timestamp: 2000n }],
  ])('does not take it when it is %s', (_, next) => {
    expect(replaces(next)).toBe(false)
  })

  it('is anything where nothing is', () => {
    const anything = newer({}, key(3))
    expect(isReplacedBy(plainCrypto, undefined, anything)).toBe(true)
    expect(isReplacedBy(plainCrypto, { ...current, id: 0n }, anything)).toBe(true)
  })
})
