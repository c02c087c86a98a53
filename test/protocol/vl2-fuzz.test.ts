import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { encode } from '../../src/protocol/kernel/codec.ts'
import { address, parseNetworkId } from '../../src/protocol/kernel/id.ts'
import { seededRandom, uniform } from '../../src/protocol/kernel/rng.ts'
import { issueCom } from '../../src/protocol/network/credential/com.ts'
import { issueRevocation } from '../../src/protocol/network/credential/revocation.ts'
import { issueTag } from '../../src/protocol/network/credential/tag.ts'
import { HELD } from '../../src/protocol/network/held.ts'
import { MEMBERS } from '../../src/protocol/network/member.ts'
import { CREDENTIALS } from '../../src/protocol/network/membership.ts'
import { MEMBERSHIPS } from '../../src/protocol/network/multicast-group.ts'
import { OUTGOING } from '../../src/protocol/network/multicast-send.ts'
import {
  type NetworkCredentials,
  networkCredentials,
  noCredentials,
} from '../../src/protocol/verb/network-credentials.ts'
import { type VerbName, verbCode } from '../../src/protocol/verb/verb-code.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { unhex } from '../support/checker.ts'
import { chunksOf, configFor, identityNamed, NETWORK } from '../support/vl2-network.ts'
import { messageOf, START, vl2Node } from '../support/vl2-node.ts'

const [root, controller, za, zb, zx] = (['zr', 'zc', 'za', 'zb', 'zx'] as const).map(identityNamed)

/** The VL2 payloads that native nodes exchanged. */
const seeds = ['02-join-za', '03-first-contact-za', '03-first-contact-zb', '06-libzt-boot-join-zx'].flatMap((name) =>
  readFileSync(new URL(`../captures/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { verb: string; payload: string })
    .map(({ verb, payload }) => ({
      verb: verbCode[verb.toLowerCase().replace(/_(.)/g, (_all, c: string) => c.toUpperCase()) as VerbName],
      payload: unhex(payload),
    }))
    .filter(({ verb }) => verb !== verbCode.hello && verb !== verbCode.whois),
)

it.each([1, 2, 3, 4, 5])('takes 2000 mutated payloads without a throw, within its bounds (seed %i)', (seed) => {
  const random = seededRandom(seed)
  const below = (n: number): number => Math.floor(uniform(random) * n)
  const node = vl2Node({
    crypto: nobleCrypto,
    self: za!,
    known: [root!, controller!, za!, zb!, zx!],
    roots: [root!.address],
    seed,
    controller: seed % 2 === 1,
  })
  node.give({ _tag: 'Join', network: NETWORK })
  node.give({ _tag: 'Join', network: parseNetworkId('ff0000ffff000000')! })
  const config = configFor(controller!, za!, START, seed % 2 === 0 ? {} : { type: 'public' })
  node.hear(controller!, verbCode.networkConfig, chunksOf(controller!, config, 7n)[0]!)
  node.take()
  for (let i = 0; i < 2_000; i++) {
    const one = seeds[below(seeds.length)]!
    const payload = one.payload.slice(0, below(4) === 0 ? below(one.payload.length + 1) : one.payload.length)
    for (let n = below(6); n > 0 && payload.length > 0; n--) payload[below(payload.length)] = below(256)
    const verb = below(10) === 0 ? below(32) : one.verb
    const from = [root!, controller!, zb!, zx!][below(4)]!
    node.give({ _tag: 'Messages', messages: [messageOf(from, verb, payload, BigInt(i))] })
    if (below(20) === 0) node.passTo(node.now() + below(3_000))
  }
  node.passTo(node.now() + 61_000)
  const { state } = node
  expect(state.held.length).toBeLessThanOrEqual(HELD)
  expect(state.outgoing.length).toBeLessThanOrEqual(OUTGOING)
  expect(state.groups.memberships).toBeLessThanOrEqual(MEMBERSHIPS)
  for (const net of state.table.byId.values()) expect(net.members.size).toBeLessThanOrEqual(MEMBERS)
  expect(node.deadline()).toBeGreaterThan(node.now())
})

it.each([1, 2, 3])('files any credentials that the controller signed, within its bounds (seed %i)', (seed) => {
  const random = seededRandom(seed)
  const below = (n: number): number => Math.floor(uniform(random) * n)
  const node = vl2Node({ crypto: nobleCrypto, self: za!, known: [root!, controller!, za!, zb!, zx!], seed })
  node.give({ _tag: 'Join', network: NETWORK })
  node.hear(controller!, verbCode.networkConfig, chunksOf(controller!, configFor(controller!, za!, START), 7n)[0]!)
  for (let i = 0; i < 100; i++) {
    const issuedTo = below(3) === 0 ? zb!.address : address(1 + below(0x7fff_ffff))
    const timestamp = BigInt(START + below(1_000_000) - 500_000)
    const id = below(300)
    const credentials: NetworkCredentials = {
      ...noCredentials,
      coms: [issueCom(nobleCrypto, controller!, NETWORK, zb!, START + below(4_000_000) - 2_000_000, 1_800_000)],
      tags: [issueTag(nobleCrypto, controller!, { network: NETWORK, timestamp, id, value: below(9), issuedTo })],
      revocations: [
        issueRevocation(nobleCrypto, controller!, {
          id,
          network: NETWORK,
          credentialId: id,
          threshold: timestamp,
          flags: BigInt(below(2)),
          target: issuedTo,
          type: below(8),
        }),
      ],
    }
    node.hear([controller!, zb!, zx!][below(3)]!, verbCode.networkCredentials, encode(networkCredentials, credentials))
    node.hear(zb!, verbCode.frame, unhex('60ca6443caa56360080001'))
    node.passTo(node.now() + below(2_000))
  }
  const outputs = node.take()
  expect(outputs.some((one) => one._tag === 'Drop' && one.reason === 'bad-credential')).toBe(true)
  const net = node.state.table.byId.get(NETWORK)!
  expect(net.members.size).toBeGreaterThan(10)
  for (const member of net.members.values()) {
    expect(member.credentials.size).toBeLessThanOrEqual(CREDENTIALS)
    expect(member.revoked.size).toBeLessThanOrEqual(CREDENTIALS)
  }
})
