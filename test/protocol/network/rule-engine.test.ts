import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode } from '../../../src/protocol/kernel/codec.ts'
import { address, mac, networkId } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { ipThing, ownership } from '../../../src/protocol/network/credential/ownership.ts'
import { credentialType } from '../../../src/protocol/network/credential/revocation.ts'
import { tag } from '../../../src/protocol/network/credential/tag.ts'
import { type Rule, rules as ruleList } from '../../../src/protocol/network/rule.ts'
import {
  type Decision,
  filterInbound,
  filterOutbound,
  type RuleEngine,
  ruleEngine,
  ruleEngineOf,
} from '../../../src/protocol/network/rule-engine.ts'
import { parseRule } from '../../../src/protocol/network/rule-json.ts'
import { memberParty, NOBODY, type Party, party } from '../../../src/protocol/network/rule-party.ts'
import { unhex } from '../../support/checker.ts'
import { anyRule, NODE, PEER } from '../../support/rules.ts'

const THIRD = address(0x11_1f61_22bb)
const [OWN_MAC, PEER_MAC] = [mac(0x0eb2_768c_65ee), mac(0x0ecd_9352_b273)]
const SYN = unhex('4500002c22534000400600000a636c0a0ab271149c4001bbba31e465f2b57b7d5002ffff0000000064617461')
const IPV4 = 0x0800

const list = (...json: readonly Record<string, string | number | boolean>[]): readonly Rule[] =>
  json.map((one) => parseRule(one)!)
const engine = (rules: readonly Rule[], own: Party = NOBODY): RuleEngine =>
  ruleEngineOf({ self: NODE, rules, own, unknownMatches: false, emulatedPrefixes: [] })
const out = (
  e: RuleEngine,
  { remote = NOBODY, payload = SYN, etherType = IPV4, noTee = false, peer = PEER as typeof PEER | undefined } = {},
): Decision => filterOutbound(e, peer, remote, OWN_MAC, PEER_MAC, etherType, payload, noTee, seededRandom(1))
const into = (
  e: RuleEngine,
  { remote = NOBODY, payload = SYN, etherType = IPV4, random = seededRandom(1) } = {},
): Decision => filterInbound(e, PEER, remote, PEER_MAC, OWN_MAC, etherType, payload, random)

const ipOnly = list(
  { type: 'MATCH_ETHERTYPE', not: true, etherType: 0x0800 },
  { type: 'MATCH_ETHERTYPE', not: true, etherType: 0x0806 },
  { type: 'MATCH_ETHERTYPE', not: true, etherType: 0x86dd },
  { type: 'ACTION_DROP' },
  { type: 'ACTION_ACCEPT' },
)
const accept = { type: 'ACTION_ACCEPT' }
const tee = { type: 'ACTION_TEE', address: '111f6122bb', length: 20 }

describe('a list of rules', () => {
  it('lets nothing pass when it is empty', () => {
    expect(out(engine([])).verdict).toBe('drop')
    expect(into(engine([])).verdict).toBe('drop')
  })

  it('passes IP and ARP alone when it is the customary one', () => {
    const e = engine(ipOnly)
    const passing = [0x0800, 0x0806, 0x86dd, 0x88cc, 0].filter(
      (etherType) => out(e, { etherType }).verdict === 'accept',
    )
    expect(passing).toEqual([0x0800, 0x0806, 0x86dd])
  })

  it('answers the same value for every frame that needs no copy', () => {
    const e = engine(ipOnly)
    expect(out(e)).toBe(out(e))
    expect(into(e, { etherType: 1 })).toBe(out(e, { etherType: 1 }))
  })

  it('copies the beginning of a frame to the target of a TEE, once, and never when told not to', () => {
    const e = engine(list(tee, accept))
    expect(out(e)).toEqual({ verdict: 'accept', copies: [{ to: THIRD, flags: 2, length: 20 }], qosBucket: 0 })
    expect(out(e, { noTee: true }).copies).toEqual([])
    expect(into(e).copies).toEqual([{ to: THIRD, flags: 8, length: 20 }])
  })

  it('makes no copy of a frame that is dropped in the end', () => {
    expect(out(engine(list(tee, { type: 'ACTION_DROP' })))).toEqual({ verdict: 'drop', copies: [], qosBucket: 0 })
  })

  it('sends a redirected frame to its target instead, copies or not', () => {
    const e = engine(list({ type: 'ACTION_REDIRECT', address: '111f6122bb' }))
    const moved = [{ to: THIRD, flags: 4, length: SYN.length }]
    expect(out(e)).toEqual({ verdict: 'redirect', copies: moved, qosBucket: 0 })
    expect(out(e, { noTee: true }).copies).toEqual(moved)
    expect(out(e, { peer: undefined }).copies).toEqual(moved)
    expect(out(e, { peer: THIRD }).verdict).toBe('drop')
  })

  it('takes in what another member was told to copy here', () => {
    const here = { type: 'ACTION_TEE', address: NODE.toString(16), length: 0 }
    expect(into(engine(list(here))).verdict).toBe('super')
    expect(out(engine(list(here, accept))).verdict).toBe('accept')
    expect(into(engine(list({ type: 'MATCH_ETHERTYPE', etherType: 1 }, here, accept))).verdict).toBe('super')
  })

  it('asks for random numbers only where a rule does', () => {
    let asked = 0
    const random = (n: number): Uint8Array => {
      asked++
      return new Uint8Array(n).fill(0x80)
    }
    into(engine(ipOnly), { random })
    expect(asked).toBe(0)
    expect(into(engine(list({ type: 'MATCH_RANDOM', probability: 0x8080_8080 }, accept)), { random }).verdict).toBe(
      'accept',
    )
    expect(into(engine(list({ type: 'MATCH_RANDOM', probability: 0x8080_807f }, accept)), { random }).verdict).toBe(
      'drop',
    )
    expect(asked).toBe(2)
  })

  it('asks capabilities where it says nothing: its own going out, those of the sender coming in', () => {
    const holder = party({ tags: [], capabilities: [{ id: 1, rules: list(accept) }], ownership: [] })
    const silent = list({ type: 'ACTION_BREAK' })
    expect(out(engine(silent, holder)).verdict).toBe('accept')
    expect(out(engine(silent), { remote: holder }).verdict).toBe('drop')
    expect(into(engine(silent), { remote: holder }).verdict).toBe('accept')
    expect(into(engine(silent, holder)).verdict).toBe('drop')
    expect(out(engine(list({ type: 'ACTION_DROP' }), holder)).verdict).toBe('drop')
  })

  it('finds the first capability that accepts, in order of their ids, though another drops', () => {
    const to = (last: string) => ({ type: 'ACTION_TEE', address: `111f6122b${last}`, length: 0 })
    const holder = party({
      tags: [],
      capabilities: [
        { id: 3, rules: list(to('3'), accept) },
        { id: 2, rules: list(to('2'), accept) },
        { id: 1, rules: list({ type: 'ACTION_DROP' }) },
      ],
      ownership: [],
    })
    expect(out(engine(list(tee, { type: 'ACTION_BREAK' }), holder)).copies.map(({ to: target }) => target)).toEqual([
      0x11_1f61_22b2,
      THIRD,
    ])
  })

  it('leaves a frame to the receiver where the tag that decides is not known yet', () => {
    const own = party({ tags: [{ id: 1, value: 5 }], capabilities: [], ownership: [] })
    const different = party({ tags: [{ id: 1, value: 6 }], capabilities: [], ownership: [] })
    const e = engine(
      list({ type: 'MATCH_TAGS_DIFFERENCE', not: true, id: 1, value: 0 }, { type: 'ACTION_DROP' }, accept),
      own,
    )
    expect(out(e).verdict).toBe('accept')
    expect(out(e, { remote: different }).verdict).toBe('drop')
    expect(out(e, { remote: own }).verdict).toBe('accept')
  })

  it('compares tags as numbers of 32 bits without a sign', () => {
    const big = party({ tags: [{ id: 1, value: 0x8000_0001 }], capabilities: [], ownership: [] })
    const e = engine(list({ type: 'MATCH_TAGS_BITWISE_AND', id: 1, value: 0x8000_0001 }, accept), big)
    expect(into(e, { remote: big }).verdict).toBe('accept')
  })
})

describe('what another member has shown', () => {
  const common = { network: networkId(1n), issuedTo: PEER, signedBy: address(0), signature: new Uint8Array(96) }
  const shelf = (timestamp: bigint, threshold?: bigint) => ({
    credentials: new Map([
      [`${credentialType.tag}/7`, { timestamp, bytes: encode(tag, { ...common, timestamp, id: 7, value: 9 }) }],
      [
        `${credentialType.ownership}/1`,
        {
          timestamp,
          bytes: encode(ownership, {
            ...common,
            timestamp,
            flags: 0n,
            id: 1,
            things: [ipThing(Uint8Array.of(10, 99, 108, 10)), ipThing(new Uint8Array(16).fill(7))],
          }),
        },
      ],
    ]),
    revoked: threshold === undefined ? new Map() : new Map([[`${credentialType.tag}/7`, threshold]]),
  })
  const config = { timestamp: 1_000n, credentialTimeMaxDelta: 100n }

  it('counts while it was issued near the configuration, before or after', () => {
    const counted = [899n, 900n, 1_000n, 1_100n, 1_101n].map((when) => memberParty(shelf(when), config).tags.get(7))
    expect(counted).toEqual([undefined, 9, 9, 9, undefined])
  })

  it('counts no longer when it is revoked', () => {
    expect(memberParty(shelf(1_000n, 999n), config).tags.get(7)).toBe(9)
    expect(memberParty(shelf(1_000n, 1_000n), config).tags.get(7)).toBeUndefined()
  })

  it('proves that the sender of a frame may use its IP', () => {
    const e = engine(list({ type: 'MATCH_CHARACTERISTICS', mask: '1000000000000000' }, accept))
    expect(into(e, { remote: memberParty(shelf(1_000n), config) }).verdict).toBe('accept')
    expect(into(e, { remote: memberParty(shelf(1n), config) }).verdict).toBe('drop')
    expect(into(e).verdict).toBe('drop')
  })

  it('is made of the configuration for this node', () => {
    const tags = [encode(tag, { ...common, timestamp: 0n, id: 7, value: 9 })]
    const rules = encode(ruleList, list({ type: 'MATCH_TAG_SENDER', id: 7, value: 9 }, accept))
    const config = { networkId: networkId(1n), flags: 0n, rules, tags, capabilities: [], ownership: [], staticIps: [] }
    expect(out(ruleEngine(NODE, config)).verdict).toBe('accept')
    expect(out(ruleEngine(NODE, { ...config, tags: [] })).verdict).toBe('drop')
  })
})

describe('any rules and any frame', () => {
  const credentials = fc.record({
    tags: fc.array(fc.record({ id: fc.nat(3), value: fc.nat(3) }), { maxLength: 4 }),
    capabilities: fc.array(fc.record({ id: fc.nat(9), rules: fc.array(anyRule(false), { maxLength: 6 }) }), {
      maxLength: 3,
    }),
    ownership: fc.array(
      fc.record({
        things: fc.array(fc.record({ type: fc.nat(4), value: fc.uint8Array({ minLength: 16, maxLength: 16 }) })),
      }),
      { maxLength: 2 },
    ),
  })
  const packet = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc
      .tuple(
        fc.constantFrom(0x45, 0x40, 0x4f, 0x60),
        fc.constantFrom(0, 6, 17, 43, 58),
        fc.uint8Array({ minLength: 40, maxLength: 120 }),
      )
      .map(([first, protocol, rest]) => {
        rest[0] = first
        rest[first === 0x60 ? 6 : 9] = protocol
        return rest
      }),
  )

  it('come to a decision that holds together, every beginning of the frame included', () => {
    fc.assert(
      fc.property(
        fc.array(anyRule(false), { maxLength: 20 }),
        credentials,
        credentials,
        packet,
        fc.constantFrom(0x0800, 0x0806, 0x86dd, 0x1234),
        fc.boolean(),
        (rules, own, remote, whole, etherType, noTee) => {
          const e = ruleEngineOf({
            self: NODE,
            rules,
            own: party(own),
            unknownMatches: true,
            emulatedPrefixes: [Uint8Array.of(0xfc, 0, 0, 0, 0)],
          })
          const other = party(remote)
          for (let length = 0; length <= whole.length; length += 1 + (length >> 4)) {
            const payload = whole.subarray(0, length)
            for (const decision of [
              out(e, { remote: other, payload, etherType, noTee }),
              out(e, { remote: other, payload, etherType, noTee, peer: undefined }),
              into(e, { remote: other, payload, etherType }),
            ]) {
              expect(decision.copies.length).toBeLessThanOrEqual(3)
              if (decision.verdict === 'drop') expect(decision.copies).toEqual([])
              if (decision.verdict === 'redirect') expect(decision.copies.at(-1)!.length).toBe(length)
              for (const copy of decision.copies) {
                expect(copy.length).toBeLessThanOrEqual(length)
                expect(copy.to === 0 || copy.to === NODE).toBe(false)
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('get the same decision again, whatever was asked in between', () => {
    fc.assert(
      fc.property(fc.array(anyRule(false), { maxLength: 12 }), packet, packet, (rules, first, second) => {
        const e = engine(rules)
        const before = into(e, { payload: first, etherType: 0x86dd })
        out(e, { payload: second })
        expect(into(e, { payload: first, etherType: 0x86dd })).toEqual(before)
      }),
    )
  })
})
