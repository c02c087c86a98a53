import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address, networkId } from '../../../src/protocol/kernel/id.ts'
import { parseChunk } from '../../../src/protocol/network/chunk.ts'
import type { NetworkConfig } from '../../../src/protocol/network/config.ts'
import { decodeConfig, encodeConfig } from '../../../src/protocol/network/config-dictionary.ts'
import { tag } from '../../../src/protocol/network/credential/tag.ts'
import { parseDictionary, printDictionary, textValue } from '../../../src/protocol/network/dictionary.ts'
import { capturedPackets } from '../../support/captures.ts'
import { hex, unhex } from '../../support/checker.ts'

const config: NetworkConfig = {
  networkId: networkId(0x60ca6443caa56360n),
  timestamp: 1_700_000_000_000n,
  credentialTimeMaxDelta: 1_800_000n,
  revision: 3n,
  issuedTo: address(0x1a02b166b2),
  remoteTraceTarget: address(0),
  remoteTraceLevel: 0n,
  flags: 6n,
  multicastLimit: 32,
  type: 'private',
  name: 'Bürö \n=\\',
  mtu: 2800,
  com: undefined,
  capabilities: [],
  tags: [],
  ownership: [],
  specialists: [{ address: address(0x1b4baae885), activeBridge: true, anchor: false, multicastReplicator: true }],
  routes: [
    { target: { address: '10.0.0.0', bits: 24 }, via: undefined, flags: 0, metric: 0 },
    { target: { address: '::', bits: 0 }, via: 'fd00::1', flags: 1, metric: 2 },
  ],
  staticIps: [{ address: '10.0.0.1', bits: 24 }],
  rules: Uint8Array.of(1, 0),
  dns: { domain: 'lan.example', servers: ['10.0.0.53'] },
  sso: {
    enabled: false,
    version: 0,
    authenticationUrl: '',
    authenticationExpiry: 0n,
    issuerUrl: '',
    centralUrl: '',
    nonce: '',
    state: '',
    clientId: '',
    provider: 'default',
  },
}
/** The dictionary with some values replaced; `undefined` takes a key away. */
const changed = (change: Readonly<Record<string, Uint8Array | undefined>>): Uint8Array =>
  printDictionary(
    [...parseDictionary(encodeConfig(config)), ...Object.entries(change)]
      .filter(([key, value]) => (key in change ? value === change[key] : true))
      .flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  )

describe('network configuration', () => {
  it('is the same after a trip through its dictionary', () => {
    expect(decodeConfig(encodeConfig(config))).toEqual(E.right(config))
  })

  it('is the same after a trip, whatever it says', () => {
    const u32 = fc.nat(0xffff_ffff)
    const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn)
    const ip = fc.oneof(
      fc.tuple(...Array.from({ length: 4 }, () => fc.nat(255))).map((parts) => parts.join('.')),
      fc.nat(0xfffe).map((part) => `fd00::${(part + 1).toString(16)}`),
    )
    const prefix = fc.record({ address: ip, bits: fc.nat(32) })
    const who = fc.integer({ min: 1, max: 0xff_ffff_ffff }).map(address)
    const line = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', ''))
    const some = fc.record({
      timestamp: u64,
      credentialTimeMaxDelta: u64,
      revision: u64,
      issuedTo: who,
      remoteTraceTarget: who,
      remoteTraceLevel: u64,
      flags: u64,
      multicastLimit: u32,
      type: fc.constantFrom('private' as const, 'public' as const),
      name: line.filter((text) => new TextEncoder().encode(text).length < 127),
      mtu: fc.integer({ min: 1280, max: 10_000 }),
      specialists: fc.array(
        fc.record({
          address: who,
          activeBridge: fc.boolean(),
          anchor: fc.boolean(),
          multicastReplicator: fc.boolean(),
        }),
        { maxLength: 5 },
      ),
      routes: fc.array(
        fc.record({
          target: prefix,
          via: fc.option(ip, { nil: undefined }),
          flags: fc.nat(0xffff),
          metric: fc.nat(0xffff),
        }),
        { maxLength: 5 },
      ),
      staticIps: fc.array(prefix, { maxLength: 5 }),
      dns: fc.option(fc.record({ domain: fc.constant('lan'), servers: fc.array(ip, { maxLength: 4 }) }), {
        nil: undefined,
      }),
    })
    fc.assert(
      fc.property(some, (change) => {
        const made: NetworkConfig = { ...config, ...change }
        expect(decodeConfig(encodeConfig(made))).toEqual(E.right(made))
      }),
      { numRuns: 300 },
    )
  })

  it('is what native controllers send, byte for byte', () => {
    const chunks = capturedPackets('02-join-za')
      .filter(({ verb, payload }) => verb === 'OK' && payload.startsWith('0b'))
      .map(({ payload }) => parseChunk(unhex(payload), 9))
    expect(chunks.length).toBeGreaterThan(0)
    for (const chunk of chunks) {
      if (E.isLeft(chunk)) throw new Error('a captured chunk was refused')
      const found = decodeConfig(chunk.right.data)
      if (E.isLeft(found)) throw new Error('a captured configuration was refused')
      expect(hex(encodeConfig(found.right))).toBe(hex(chunk.right.data))
    }
  })

  it.each([
    ['config version', { v: textValue('5') }],
    ['config version', { v: undefined }],
    ['nwid', { nwid: textValue('0') }],
    ['id', { id: undefined }],
    ['C', { C: new Uint8Array(0) }],
    ['COM version', { C: Uint8Array.of(2) }],
    ['address type', { I: Uint8Array.of(9) }],
  ])('is refused for its %s: %j', (field, change) => {
    expect(decodeConfig(changed(change))).toMatchObject(E.left({ field }))
  })

  it.each(['C', 'COO', 'I', 'RT', 'R', 'DNS'])('is refused where %s is cut short', (key) => {
    const cut = { C: [1, 0], COO: [1], I: [4, 1], RT: [0], R: [0x25], DNS: [1] }[key]!
    expect(decodeConfig(changed({ [key]: Uint8Array.from(cut) }))).toMatchObject(E.left({ _tag: 'Short' }))
  })

  it('forgives tags and capabilities that are malformed, and sorts the others', () => {
    const one = (id: number): Uint8Array =>
      encode(tag, {
        network: config.networkId,
        timestamp: 1n,
        id,
        value: 0,
        issuedTo: config.issuedTo,
        signedBy: address(1),
        signature: new Uint8Array(96),
      })
    const found = decodeConfig(changed({ TAG: Uint8Array.from([...one(9), ...one(2), 1, 2]), CAP: Uint8Array.of(1) }))
    const ids = E.isRight(found) ? found.right.tags.map((bytes) => decode(tag, bytes)) : []
    expect(ids).toMatchObject([E.right({ id: 2 }), E.right({ id: 9 })])
    expect(found).toMatchObject(E.right({ capabilities: [] }))
  })

  it('takes no more routes, addresses and specialists than there may be', () => {
    const repeated = (times: number, bytes: readonly number[]): Uint8Array =>
      Uint8Array.from({ length: times * bytes.length }, (_, i) => bytes[i % bytes.length]!)
    const found = decodeConfig(
      changed({
        I: repeated(40, [4, 10, 0, 0, 1, 0, 24]),
        RT: repeated(200, [4, 10, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0]),
        S: repeated(300, [0, 0, 2, 1, 2, 3, 4, 5]),
      }),
    )
    if (E.isLeft(found)) throw new Error('refused')
    expect([found.right.staticIps.length, found.right.routes.length, found.right.specialists.length]).toEqual([
      32, 128, 256,
    ])
  })

  it('never throws, whatever a dictionary says', () => {
    const keys = ['v', 'nwid', 'id', 'C', 'CAP', 'TAG', 'COO', 'S', 'RT', 'I', 'R', 'DNS', 'mtu', 'ml', 'n', 'ssov']
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), fc.uint8Array({ maxLength: 40 })), (change) => {
        decodeConfig(changed(change))
      }),
    )
  })
})
