import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address, mac, networkId } from '../../../src/protocol/kernel/id.ts'
import { parseAuthentication, printAuthentication } from '../../../src/protocol/network/authentication.ts'
import { issueCom } from '../../../src/protocol/network/credential/com.ts'
import { credentialType, issueRevocation } from '../../../src/protocol/network/credential/revocation.ts'
import { printDictionary, textValue } from '../../../src/protocol/network/dictionary.ts'
import { multicastFrame, multicastFrameOk } from '../../../src/protocol/verb/multicast-frame.ts'
import { MAX_GATHERED, multicastGather, multicastGatherOk } from '../../../src/protocol/verb/multicast-gather.ts'
import { multicastLike } from '../../../src/protocol/verb/multicast-like.ts'
import { networkConfigRequest } from '../../../src/protocol/verb/network-config-request.ts'
import { networkCredentials, noCredentials } from '../../../src/protocol/verb/network-credentials.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { hex, unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'
import { controllerNode, memberNode } from '../network/nodes.ts'

const network = networkId(0xb78d519412c45151n)
const NWID = 'b78d519412c45151'
const group = { network, mac: mac(0x01005e0000fb), adi: 7 }
const GROUP = '01005e0000fb00000007'
const com = issueCom(nobleCrypto, controllerNode, network, memberNode, 1_700_000_000_000, 1_800_000)

describe('MULTICAST_LIKE', () => {
  itIsACodec(multicastLike, [
    { says: 'nothing', value: [], bytes: '' },
    { says: 'two groups', value: [group, group], bytes: NWID + GROUP + NWID + GROUP, needs: 0 },
  ])

  it('is short with a part of a group at its end', () => {
    expect(decode(multicastLike, unhex(`${NWID}${GROUP}00`))).toMatchObject(E.left({ _tag: 'Short' }))
  })
})

describe('MULTICAST_GATHER', () => {
  itIsACodec(multicastGather, [
    {
      says: 'a question without certificate',
      value: { ...group, limit: 32, com: undefined },
      bytes: `${NWID}00${GROUP}00000020`,
    },
  ])

  it('carries the certificate, and is a question also where that is malformed', () => {
    const bytes = encode(multicastGather, { ...group, limit: 1, com })
    expect(decode(multicastGather, bytes)).toEqual(E.right({ ...group, limit: 1, com }))
    expect(decode(multicastGather, bytes.subarray(0, 60))).toEqual(E.right({ ...group, limit: 1, com: undefined }))
  })

  itIsACodec(multicastGatherOk, [
    {
      says: 'two members of three',
      value: { ...group, results: { total: 3, members: [address(1), address(0xfe00000002)] } },
      bytes: `${NWID}${GROUP}0000000300020000000001fe00000002`,
    },
  ])

  it('is answered with as many members as a packet has room for', () => {
    const members = Array.from({ length: MAX_GATHERED }, (_, i) => address(i + 1))
    const body = encode(multicastGatherOk, { ...group, results: { total: MAX_GATHERED, members } })
    expect(28 + 9 + body.length).toBeLessThanOrEqual(10_024)
    expect(28 + 9 + body.length + 5).toBeGreaterThan(10_024)
  })
})

describe('MULTICAST_FRAME', () => {
  const plain = { network, com: undefined, to: group.mac, adi: 7, etherType: 0x800, payload: unhex('aabb') }
  itIsACodec(multicastFrame, [
    {
      says: 'a frame and nothing else',
      value: { ...plain, gatherLimit: undefined, from: undefined, replicate: false },
      bytes: `${NWID}00${GROUP}0800aabb`,
      needs: 21,
    },
    {
      says: 'a frame to be replicated, with source and gather limit',
      value: { ...plain, gatherLimit: 5, from: mac(0x020000000001), replicate: true },
      bytes: `${NWID}0e00000005020000000001${GROUP}0800aabb`,
      needs: 31,
    },
  ])

  it('carries the certificate of old senders', () => {
    const value = { ...plain, com, gatherLimit: 1, from: undefined, replicate: false }
    expect(decode(multicastFrame, encode(multicastFrame, value))).toEqual(E.right(value))
  })

  itIsACodec(multicastFrameOk, [
    { says: 'nothing', value: { ...group, com: undefined, results: undefined }, bytes: `${NWID}${GROUP}00` },
    {
      says: 'a member',
      value: { ...group, com: undefined, results: { total: 1, members: [address(1)] } },
      bytes: `${NWID}${GROUP}020000000100010000000001`,
    },
  ])
})

describe('NETWORK_CREDENTIALS', () => {
  const revocation = issueRevocation(nobleCrypto, controllerNode, {
    id: 1,
    network,
    credentialId: 0,
    threshold: 5n,
    flags: 1n,
    target: memberNode.address,
    type: credentialType.com,
  })
  itIsACodec(networkCredentials, [
    { says: 'nothing', value: noCredentials, bytes: '000000000000000000', needs: 0 },
    {
      says: 'a certificate and a revocation',
      value: { ...noCredentials, coms: [com], revocations: [revocation] },
      bytes: hex(encode(networkCredentials, { ...noCredentials, coms: [com], revocations: [revocation] })),
      needs: 0,
    },
  ])

  it.each([0, 1, 3, 5, 7])('may end after %i bytes, before a count', (length) => {
    expect(decode(networkCredentials, new Uint8Array(length))).toEqual(E.right(noCredentials))
  })
})

describe('NETWORK_CONFIG_REQUEST', () => {
  itIsACodec(networkConfigRequest, [
    {
      says: 'a request of a node that has a configuration',
      value: { network, metadata: unhex('763d37'), revision: 3n, timestamp: 9n },
      bytes: `${NWID}0003763d3700000000000000030000000000000009`,
      needs: 8,
    },
  ])

  it.each([
    ['everything after the network', NWID, ''],
    ['the configuration held', `${NWID}0003763d37`, '763d37'],
  ])('may leave out %s', (_what, bytes, metadata) => {
    expect(decode(networkConfigRequest, unhex(bytes))).toEqual(
      E.right({ network, metadata: unhex(metadata), revision: 0n, timestamp: 0n }),
    )
  })

  it('is short where its metadata is', () => {
    expect(decode(networkConfigRequest, unhex(`${NWID}0004763d37`))).toMatchObject(E.left({ _tag: 'Short' }))
  })
})

describe('what ERROR 09 says', () => {
  it('is a URL, or how to log in with OpenID Connect', () => {
    const first = { version: 0, url: 'https://login.example/?x=1' } as const
    const second = {
      version: 1,
      issuerUrl: 'https://issuer.example',
      centralUrl: 'https://central.example',
      nonce: 'n',
      state: 's',
      clientId: 'c',
      provider: 'default',
    } as const
    expect([first, second].map((one) => parseAuthentication(printAuthentication(one)))).toEqual([first, second])
  })

  it('is nothing without a URL or in a version to come', () => {
    expect(parseAuthentication(new Uint8Array(0))).toBeUndefined()
    expect(parseAuthentication(printDictionary([['aV', textValue('2')]]))).toBeUndefined()
  })
})
