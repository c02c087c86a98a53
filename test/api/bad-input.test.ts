import {
  adhocNetworkId,
  asNetworkId,
  asNodeId,
  asWorldId,
  createNode,
  generateIdentity,
  parseIdentity,
  parseIp,
  rfc4193,
  validateIdentity,
} from 'rxzt'
import { createController, createMoon, createPlanet, createRoot, createSigningKey } from 'rxzt/controller'
import { virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import {
  expectError,
  first,
  ID,
  IDENTITY,
  link,
  mixed,
  OPTION,
  publicHalf,
  second,
  start,
  table,
  wrong,
} from '../support/bad-input.ts'

describe('identifiers and identities', () => {
  table([
    ['a network id that is a number', () => asNetworkId(wrong(7)), ...ID, /^network id 7 .* string of 16 hex digits$/],
    ['a network id that is short', () => asNetworkId('8056c2e21c'), ...ID, /"8056c2e21c" is not 16 hex .* controller$/],
    ['a network id of 65 bits', () => asNetworkId(1n << 64n), ...ID, /18446744073709551616 is not a positive 64-bit/],
    ['a negative network id', () => asNetworkId(-1n), ...ID, /network id -1 .* controller$/],
    ['network 0', () => asNetworkId('0000000000000000'), ...ID, /"0000000000000000" is no network — copy/],
    ['no network id', () => asNetworkId(wrong(undefined)), ...ID, /network id undefined is not 16 hex/],
    ['a node id that is none', () => asNodeId('x'), ...ID, /node id "x" is not 10 hex digits — copy/],
    ['a reserved node id', () => asNodeId('ff00000000'), ...ID, /node id "ff00000000" is reserved — copy/],
    ['a world id that is none', () => asWorldId('x'), ...ID, /world id "x" is not 16 hex digits — copy/],
    ['a 6PLANE address of nobody', () => rfc4193('8056c2e21c000001', 'y'), ...ID, /node id "y"/],
    ['no ports', () => adhocNetworkId(wrong(undefined)), ...OPTION, /adhocNetworkId\(\) undefined is not valid — pass/],
    [
      'ports that are none',
      () => adhocNetworkId(wrong({ ports: 7 })),
      ...OPTION,
      /^ports 7 is not valid — pass the first/,
    ],
    [
      'ports upside down',
      () => adhocNetworkId({ ports: [5, 1] }),
      ...OPTION,
      /last port 1 is not valid — use 5 to 65535/,
    ],
    [
      'an identity that is text',
      () => parseIdentity('x'),
      ...IDENTITY,
      /hex of 10, 128 and 128 .* — pass the whole text/,
    ],
    [
      'an identity that is a number',
      () => parseIdentity(wrong(7)),
      ...IDENTITY,
      /identity \(number\) .* — pass the text/,
    ],
    [
      'an identity that is nothing',
      () => validateIdentity(wrong(null)),
      ...IDENTITY,
      /identity \(null\) .* — pass the text/,
    ],
    [
      'the secret of a public identity',
      () => parseIdentity(publicHalf).exportSecret(),
      ...IDENTITY,
      /no secret key — use/,
    ],
    ['a signal that is none', () => generateIdentity(wrong({ signal: 7 })), ...OPTION, /^signal 7 .* AbortController$/],
  ])

  it('finds no address in what is no text', () => {
    expect(parseIp(wrong(7))).toBeUndefined()
    expect(parseIp('::1%lo')).toBeUndefined()
  })
})

describe('options of a node', () => {
  const rows: readonly (readonly [option: string, value: unknown, message: RegExp])[] = [
    ['identity', 7, /^identity \(number\) is not valid — pass the text of identity.secret/],
    ['store', 7, /^store 7 is not valid — pass a directory or an object with get, set, delete and list/],
    ['store', '', /^store "" is not valid — pass the path of a directory/],
    ['link', [], /^link \[\] is empty — pass at least one link/],
    ['link', { send() {}, close() {} }, /^link .* — pass what udpLink\(\)/],
    ['planet', 'planet', /^planet "planet" is not valid — a planet is bytes: read the file first/],
    ['moons', [{}], /^moons \[{}\] is not valid — pass \[{ id, seed }\]/],
    ['tcpRelay', { mode: 'never-ever' }, /^tcpRelay {"mode":"never-ever"} .*'auto' \| 'always' \| 'never'/],
    ['tcpRelay', { mode: 'always' }, /^tcpRelay 'always' has no endpoint — name the relay/],
    ['tcpRelay', { endpoint: { address: 'relay', port: 443 } }, /"relay".* — pass .*'192.0.2.1'/],
    ['tcpRelay', { endpoint: { address: '192.0.2.1', port: 0 } }, /"port":0.* — pass /],
    ['trustedPaths', [{ prefix: '10.0.0.0/99', id: 1n }], /^trustedPaths "10.0.0.0\/99" is no prefix — write/],
    ['paths', { blacklists: [] }, /^paths {"blacklists":\[\]} is not valid — pass { blacklist/],
    ['bonding', { policy: 'fastest' }, /policy 'fastest' is none — use 'active-backup'/],
    ['cache', { identiti: true }, /^cache {"identiti":true} .* — pass { identity, networks, peers, roots }/],
    ['lowBandwidth', 1, /^lowBandwidth 1 is not valid — use true or false/],
    ['scheduler', {}, /^scheduler {} is not valid — pass an RxJS scheduler/],
    ['random', 'x', /^random \(string\) is not valid — pass a function/],
    ['signal', { aborted: false }, /^signal {"aborted":false} is not valid — pass the signal of an AbortController/],
    ['autoUnref', 'no', /^autoUnref "no" is not valid — use true or false/],
    ['stor', './home', /^stor ".\/home" is not valid — there is no such option; known are identity, store,/],
  ]
  it.each(rows)('%s: %o', (option, value, message) => expectError(() => start({ [option]: value }), ...OPTION, message))

  table([
    ['no options', () => createNode(wrong(7)), ...OPTION, /^options 7 is not valid — pass an object/],
    [
      'a moon that is none',
      () => start({ moons: [{ id: 'x', seed: 'y' }] }),
      ...ID,
      /world id "x" is not 16 hex digits/,
    ],
    ['an identity that is cut off', () => start({ identity: first.slice(0, -2) }), ...IDENTITY, /128 digits — pass/],
    [
      'an identity without a secret',
      () => start({ identity: publicHalf }),
      ...IDENTITY,
      /no secret key — use the text/,
    ],
    ['an identity of two halves', () => start({ identity: mixed }), ...IDENTITY, /does not belong to its public key/],
    [
      'an identity of another address',
      () => start({ identity: `1234567890${first.slice(10)}` }),
      ...IDENTITY,
      /1234567890 does not follow from its key — restore it/,
    ],
    [
      'a planet of garbage',
      () => start({ planet: new Uint8Array(100) }),
      'NodeError',
      'ERR_ZT_PLANET_INVALID',
      /^planet of 100 bytes is no planet: .* — pass the bytes of a planet file/,
    ],
  ])

  it('rejects with the reason of a signal that has aborted', async () => {
    const reason = new Error('changed my mind')
    await expect(start({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('never repeats a secret', async () => {
    const secret = first.split(':')[3]!
    for (const identity of [`${first}00`, mixed, `${first}:`])
      await expect(start({ identity })).rejects.not.toThrow(new RegExp(secret.slice(0, 16)))
  })
})

describe('planets, roots and controllers', () => {
  const signingKey = createSigningKey()
  const root = { identity: publicHalf, endpoints: [{ address: '192.0.2.1', port: 9993 }] }
  const planet = { id: 1n, timestamp: 1n, roots: [root], signingKey }
  const make = (change: Record<string, unknown>) => createPlanet({ ...planet, ...change })
  const at = (endpoints: unknown) => make({ roots: [{ ...root, endpoints }] })

  table([
    [
      'no planet',
      () => createPlanet(wrong(undefined)),
      ...OPTION,
      /createPlanet\(\) undefined is not valid — pass an object/,
    ],
    ['planet 0', () => make({ id: 0n }), ...OPTION, /^id 0 is no planet ID — pass a bigint/],
    [
      'the public planet',
      () => make({ id: 149_604_618n }),
      ...OPTION,
      /^id 149604618 is the public planet — choose another/,
    ],
    ['a planet ID of 71 bits', () => make({ id: 1n << 70n }), ...OPTION, /^id 1180591620717411303424 is no planet ID/],
    ['a planet ID that is a number', () => make({ id: 1 }), ...OPTION, /^id 1 is no planet ID — pass a bigint/],
    ['no time', () => make({ timestamp: 5 }), ...OPTION, /^timestamp 5 is no time — pass a bigint of ms/],
    ['no roots', () => make({ roots: [] }), ...OPTION, /^0 roots — name 1 to 4/],
    ['roots that are none', () => make({ roots: 7 }), ...OPTION, /^roots 7 is no list — pass/],
    ['a root that is nothing', () => make({ roots: [null] }), ...OPTION, /^roots\[0\].identity is invalid: .* — pass/],
    [
      'one root twice',
      () => make({ roots: [root, root] }),
      ...OPTION,
      /^roots name one node twice — name each root once/,
    ],
    ['a root that is nowhere', () => at([]), ...OPTION, /^roots\[0\].endpoints \[\] is not valid — pass 1 to 32/],
    [
      'an endpoint by name',
      () => at([{ address: 'x', port: 1 }]),
      ...OPTION,
      /endpoints\[0\] {"address":"x","port":1} .* — pass/,
    ],
    [
      'an endpoint on port 0',
      () => at([{ address: '192.0.2.1', port: 0 }]),
      ...OPTION,
      /"port":0} is not valid — pass/,
    ],
    [
      'an endpoint as text',
      () => at(['192.0.2.1/9993']),
      ...OPTION,
      /endpoints\[0\] "192.0.2.1\/9993" is not valid — pass/,
    ],
    [
      'half a key',
      () => make({ signingKey: { ...signingKey, publicKey: new Uint8Array(32) } }),
      ...OPTION,
      /^signingKey is no key/,
    ],
    [
      'keys of two pairs',
      () => make({ signingKey: { ...signingKey, secretKey: new Uint8Array(64) } }),
      ...OPTION,
      /no key pair/,
    ],
    ['a moon that is none', () => createMoon({ ...planet, id: 'x' }), ...ID, /^world id "x" is not 16 hex digits/],
    [
      'a root without planet',
      () => createRoot(wrong(undefined)),
      ...OPTION,
      /^planet is missing — pass what createPlanet/,
    ],
    ['a root with a path', () => createRoot(wrong({ planet: './planet' })), ...OPTION, /read the file first/],
    [
      'a root of another planet',
      () => createRoot({ identity: second, planet: make({}), link: link() }),
      'NodeError',
      'ERR_ZT_PLANET_INVALID',
      /^planet does not name 7cdab549be as a root — sign one/,
    ],
    [
      'a controller on nothing',
      () => createController(wrong({})),
      ...OPTION,
      /^node is no node of this library — pass/,
    ],
    ['a simulation of nothing', () => virtualNet(wrong(null)), ...OPTION, /virtualNet\(\) null is not valid — pass/],
    [
      'a seed that is none',
      () => virtualNet({ seed: Number.NaN }),
      ...OPTION,
      /^seed NaN is not valid — use a whole number/,
    ],
  ])
})
