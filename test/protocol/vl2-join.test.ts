import { describe, expect, it } from 'vitest'
import { decode } from '../../src/protocol/kernel/codec.ts'
import { parseNetworkId } from '../../src/protocol/kernel/id.ts'
import { encodeConfig } from '../../src/protocol/network/config-dictionary.ts'
import { parseDictionary, text, unsigned } from '../../src/protocol/network/dictionary.ts'
import { networkConfigRequest } from '../../src/protocol/verb/network-config-request.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import type { Vl2Output } from '../../src/protocol/vl2-io.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { hex, unhex } from '../support/checker.ts'
import { chunksOf, configFor, identityNamed, NETWORK, vl2Network } from '../support/vl2-network.ts'
import { packetsOf, payloadOf, START, vl2Node } from '../support/vl2-node.ts'

const [controller, za, zb, root] = [identityNamed('zc'), identityNamed('za'), identityNamed('zb'), identityNamed('zr')]
const make = (options: { known?: boolean; controller?: boolean; self?: typeof za } = {}) =>
  vl2Node({
    crypto: nobleCrypto,
    self: options.self ?? za,
    known: options.known === false ? [za, root] : [za, zb, root, controller],
    roots: [root.address],
    controller: options.controller ?? false,
  })
const statuses = (outputs: readonly Vl2Output[]) =>
  outputs.flatMap((one) => (one._tag === 'Network' ? [one.status] : []))
const requests = (outputs: readonly Vl2Output[]) =>
  packetsOf(outputs).filter(({ verb }) => verb === verbCode.networkConfigRequest)
const refusal = (code: number, inRe: number = verbCode.networkConfigRequest, more = '') =>
  unhex(
    `${inRe.toString(16).padStart(2, '0')}0000000000000001${code.toString(16).padStart(2, '0')}60ca6443caa56360${more}`,
  )

describe('joining', () => {
  it('asks the controller at once and says that it waits', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    const outputs = node.take()
    expect(statuses(outputs)).toEqual(['requesting'])
    expect(requests(outputs).map(({ to }) => to)).toEqual([controller.address])
    expect(outputs.find((one) => one._tag === 'Store')).toEqual({
      _tag: 'Store',
      network: NETWORK,
      dictionary: Uint8Array.of(10),
    })
  })

  it('tells the controller version, platform and token', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK, auth: 'token:SECRET' })
    const read = decode(networkConfigRequest, payloadOf(requests(node.take())[0]!))
    if (read._tag === 'Left') throw new Error('unreadable')
    const metadata = parseDictionary(read.right.metadata)
    expect([unsigned(metadata, 'v'), unsigned(metadata, 'pv'), unsigned(metadata, 'minv')]).toEqual([7n, 12n, 14n])
    expect([text(metadata, 'o', 99), text(metadata, 'a', 99)]).toEqual(['linux/x86_64', 'token:SECRET'])
  })

  it('asks who the controller is first, and sends the request in the very step that tells', () => {
    const node = make({ known: false })
    node.give({ _tag: 'Join', network: NETWORK })
    const first = node.take()
    expect(requests(first)).toEqual([])
    expect(first).toContainEqual({ _tag: 'Whois', address: controller.address })
    node.passTo(START + 30)
    node.known.set(controller.address, controller)
    node.give({ _tag: 'Learned', identity: controller })
    expect(requests(node.take())).toHaveLength(1)
  })

  it('joins twice as once', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    node.give({ _tag: 'Join', network: NETWORK })
    expect(node.take()).toEqual([])
  })

  it('is ok when the configuration comes, stores it, and announces its groups', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    const config = configFor(controller, za, START)
    node.hear(controller, verbCode.ok, chunksOf(controller, config, 7n, 1n)[0]!)
    const outputs = node.take()
    expect(statuses(outputs)).toEqual(['ok'])
    expect(outputs.find((one) => one._tag === 'Store')).toMatchObject({ dictionary: encodeConfig(config) })
    expect(packetsOf(outputs).map(({ to, verb }) => [to, verb])).toEqual([
      [root.address, verbCode.multicastLike],
      [controller.address, verbCode.multicastLike],
    ])
    expect(hex(payloadOf(packetsOf(outputs)[0]!))).toBe('60ca6443caa56360ffffffffffff00000000')
  })

  it('takes chunks in any order, and each but once', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    const config = configFor(controller, za, START, { tags: Array.from({ length: 120 }, (_, i) => tagBytes(i)) })
    const chunks = chunksOf(controller, config, 7n)
    expect(chunks.length).toBeGreaterThan(1)
    for (const chunk of [...chunks].reverse().slice(0, -1)) {
      node.hear(zb, verbCode.networkConfig, chunk)
      node.hear(zb, verbCode.networkConfig, chunk)
    }
    expect(statuses(node.take())).toEqual([])
    node.hear(controller, verbCode.networkConfig, chunks[0]!, 0x1234n)
    const outputs = node.take()
    expect(statuses(outputs)).toEqual(['ok'])
    const confirmation = packetsOf(outputs).find(({ verb }) => verb === verbCode.ok)!
    expect(hex(payloadOf(confirmation))).toBe('08000000000000123460ca6443caa563600000000000000007')
  })

  it('takes nothing that another than the controller signed', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    node.hear(controller, verbCode.networkConfig, chunksOf(zb, configFor(controller, za, START), 7n)[0]!)
    expect(node.take()).toEqual([{ _tag: 'Drop', reason: 'bad-chunk', network: NETWORK, peer: controller.address }])
  })

  it('takes nothing that is meant for another member', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    node.hear(controller, verbCode.networkConfig, chunksOf(controller, configFor(controller, zb, START), 7n)[0]!)
    expect(statuses(node.take())).toEqual([])
  })

  it('takes the old unsigned form from the controller alone', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    const dictionary = encodeConfig(configFor(controller, za, START))
    const chunk = unhex(`60ca6443caa56360${dictionary.length.toString(16).padStart(4, '0')}${hex(dictionary)}`)
    node.hear(zb, verbCode.networkConfig, chunk)
    expect(node.take()).toEqual([{ _tag: 'Drop', reason: 'unexpected-sender', network: NETWORK, peer: zb.address }])
    node.hear(controller, verbCode.networkConfig, chunk)
    expect(statuses(node.take())).toEqual(['ok'])
  })

  it('is at work with a stored configuration before the controller answers', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK, cached: encodeConfig(configFor(controller, za, START - 5_000_000)) })
    const outputs = node.take()
    expect(statuses(outputs)).toEqual(['ok'])
    expect(requests(outputs)).toHaveLength(1)
    expect(outputs.some((one) => one._tag === 'Store')).toBe(false)
  })

  it('starts anew where the stored configuration is of no use', () => {
    for (const cached of [Uint8Array.of(10), unhex('00ff00'), encodeConfig(configFor(controller, zb, START))]) {
      const node = make()
      node.give({ _tag: 'Join', network: NETWORK, cached })
      expect(statuses(node.take())).toEqual(['requesting'])
    }
  })

  it('forgets everything on leaving', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.hear(controller, verbCode.ok, chunksOf(controller, configFor(controller, za, START), 7n, 1n)[0]!)
    node.take()
    node.give({ _tag: 'Leave', network: NETWORK })
    expect(node.take()).toEqual([{ _tag: 'Store', network: NETWORK, dictionary: undefined }])
    node.passTo(START + 200_000)
    expect(node.take()).toEqual([])
    expect(node.deadline()).toBe(Infinity)
  })
})

describe('an ad-hoc network', () => {
  const joinAdhoc = (id: string) => {
    const node = make()
    node.give({ _tag: 'Join', network: parseNetworkId(id)! })
    return node
  }

  it('is ok at once, asks nobody, is not stored, and renews itself each minute', () => {
    const node = joinAdhoc('ff00160016000000')
    const outputs = node.take()
    expect([statuses(outputs).at(-1), requests(outputs)]).toEqual(['ok', []])
    expect(outputs.filter((one) => one._tag === 'Store' && one.dictionary?.length !== 1)).toEqual([])
    node.passTo(START + 60_000)
    expect(statuses(node.take())).toEqual(['ok'])
  })

  it.each([
    ['ff00500040000000', 'not-found'],
    ['ff00160016123456', 'requesting'],
  ])('of ID %s is %s for good, without a wake-up', (id, status) => {
    const node = joinAdhoc(id)
    expect(statuses(node.take()).at(-1)).toBe(status)
    node.passTo(START + 1)
    expect(node.deadline()).toBe(Infinity)
  })
})

describe('the status', () => {
  it.each([
    [0x03, 'not-found'],
    [0x05, 'not-found'],
    [0x07, 'denied'],
    [0x09, 'auth-required'],
  ] as const)('after ERROR %i is %s, and back to ok with a configuration', (code, status) => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    node.hear(controller, verbCode.error, refusal(code))
    expect(statuses(node.take())).toEqual([status])
    node.hear(controller, verbCode.ok, chunksOf(controller, configFor(controller, za, START), 7n, 1n)[0]!)
    expect(statuses(node.take())).toEqual(['ok'])
  })

  it('tells where to log in, if the controller says so', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    const url = 'https://login.example/'
    const dictionary = `aV=0\naU=${url}`
    const more = dictionary.length.toString(16).padStart(4, '0') + Buffer.from(dictionary).toString('hex')
    node.hear(controller, verbCode.error, refusal(0x09, verbCode.networkConfigRequest, more))
    expect(node.take()).toEqual([
      {
        _tag: 'Network',
        network: NETWORK,
        status: 'auth-required',
        config: undefined,
        authentication: { version: 0, url },
      },
    ])
  })

  it('does not change because of what others say', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    node.hear(zb, verbCode.error, refusal(0x07))
    expect(statuses(node.take())).toEqual([])
  })

  it('keeps the configuration when the controller refuses to renew it', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.hear(controller, verbCode.ok, chunksOf(controller, configFor(controller, za, START), 7n, 1n)[0]!)
    node.take()
    node.hear(controller, verbCode.error, refusal(0x07))
    expect(node.take()).toMatchObject([{ _tag: 'Network', status: 'denied', config: { name: 'test' } }])
  })
})

describe('asking again', () => {
  it('is quick while nothing is heard, then a little slower than the controller answers', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.take()
    const times: number[] = []
    for (let at = START + 10; at <= START + 5_000; at += 10) {
      node.passTo(at)
      if (requests(node.take()).length > 0) times.push(at - START)
    }
    expect(times).toEqual([250, 500, 1000, 2100, 3200, 4300])
  })

  it('slows down after a minute of refusals', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.hear(controller, verbCode.error, refusal(0x07))
    node.take()
    node.passTo(START + 120_000)
    node.take()
    node.passTo(START + 180_000)
    expect(requests(node.take()).length).toBeLessThanOrEqual(13)
  })

  it('comes a minute after a configuration, names it, and is not repeated once it is answered', () => {
    const node = make()
    node.give({ _tag: 'Join', network: NETWORK })
    node.hear(controller, verbCode.ok, chunksOf(controller, configFor(controller, za, START), 7n, 1n)[0]!)
    node.take()
    node.passTo(START + 59_999)
    expect(requests(node.take())).toEqual([])
    node.passTo(START + 60_000)
    const [request] = requests(node.take())
    const read = decode(networkConfigRequest, payloadOf(request!))
    expect(read).toMatchObject({ right: { revision: 1n, timestamp: BigInt(START) } })
    node.hear(controller, verbCode.ok, chunksOf(controller, configFor(controller, za, START + 60_000), 8n, 2n)[0]!)
    node.passTo(START + 119_999)
    expect(requests(node.take())).toEqual([])
  })

  it('lets a member in within two seconds of its approval', () => {
    const net = vl2Network(controller, [za], root)
    net.authorized.clear()
    const node = net.nodes.get(za.address)!
    node.give({ _tag: 'Join', network: NETWORK })
    net.passTo(START + 10_000)
    const status = () => net.seen.flatMap(([, one]) => (one._tag === 'Network' ? [one.status] : [])).at(-1)
    expect(status()).toBe('denied')
    net.authorized.add(za.address)
    net.passTo(START + 11_500)
    expect(status()).toBe('ok')
  })
})

describe('a controller in the same node', () => {
  it('gets the request, and its answer counts', () => {
    const node = make({ controller: true, self: controller })
    node.give({ _tag: 'Join', network: NETWORK })
    const outputs = node.take()
    expect(packetsOf(outputs)).toEqual([])
    expect(outputs).toContainEqual(
      expect.objectContaining({
        _tag: 'ConfigRequest',
        request: expect.objectContaining({ network: NETWORK, member: controller, packetId: undefined }),
      }),
    )
    node.give({ _tag: 'Refused', network: NETWORK, error: 0x07 })
    expect(statuses(node.take())).toEqual(['denied'])
    const dictionary = encodeConfig(configFor(controller, controller, START))
    node.give({ _tag: 'Configured', network: NETWORK, dictionary })
    expect(statuses(node.take())).toEqual(['ok'])
  })

  it('gets the requests of others, with the way back', () => {
    const node = make({ controller: true, self: controller })
    node.hear(za, verbCode.networkConfigRequest, unhex('60ca6443caa563600003763d37'), 0x55n)
    expect(node.take()).toMatchObject([
      { _tag: 'ConfigRequest', request: { network: NETWORK, member: za, metadata: unhex('763d37'), packetId: 0x55n } },
    ])
  })

  it('is not asked about networks of other controllers', () => {
    const node = make({ controller: true, self: controller })
    node.hear(za, verbCode.networkConfigRequest, unhex('1122334455a563600000'))
    expect(node.take().map((one) => one._tag)).toEqual(['Drop'])
  })

  it('is missed: then its own network is not found, and strangers are told that it is unsupported', () => {
    const node = make({ self: controller })
    node.give({ _tag: 'Join', network: NETWORK })
    expect(statuses(node.take()).at(-1)).toBe('not-found')
    node.hear(za, verbCode.networkConfigRequest, unhex('60ca6443caa563600000'), 0x55n)
    const [answer] = packetsOf(node.take())
    expect([answer!.to, answer!.verb, hex(payloadOf(answer!))]).toEqual([
      za.address,
      verbCode.error,
      '0b00000000000000550560ca6443caa56360',
    ])
  })
})

/** A tag as a controller writes it; nobody checks the signature of one's own. */
const tagBytes = (id: number): Uint8Array =>
  unhex(
    `60ca6443caa56360${'00'.repeat(8)}${id.toString(16).padStart(8, '0')}${'00'.repeat(4)}1a02b166b260ca6443ca010060${'00'.repeat(96)}0000`,
  )
