import { type Code, call, type Local, type Routine } from './emitter.ts'
import { i32, i32x4, i64, repeat, v128 } from './instructions.ts'
import { layout } from './layout.ts'

/**
 * Suite 3 for a batch of packets of one session (`docs/protocol/vl1.md`, AES-GMAC-SIV), cut where AES is needed: between
 * these routines JavaScript sends `layout.blocks` or `layout.counters` through AES and puts the result in their place.
 * The first parameter is the number of packets in `layout.packetTable`.
 *
 *     seal   sivNonces  K0(blocks)  sivInner  K1(blocks)  sivTags  K1(counters)  sivCrypt
 *     open   sivClaims  K1(counters)  sivCrypt  K1^-1(blocks)  sivReveal  K0(blocks)  sivJudge
 */

/** Sealing: byte 18 says suite 3; the first GCM counter block of each packet ID goes to `blocks`. */
export const sivNonces: Routine = {
  name: 'sivNonces',
  params: ['i32'],
  body: ([count], local) =>
    each(count!, local, ({ packet, block }) => [
      i32.store8(packet.get, i32.or(i32.and(i32.load8(packet.get, 18), i32.const(0x40)), i32.const(0x18)), 18),
      v128.store(block.get, nonceBlock(v128.load64(packet.get)), layout.blocks),
    ]),
}

/** Packet ID and folded GMAC replace the encrypted nonce blocks. */
export const sivInner: Routine = {
  name: 'sivInner',
  params: ['i32'],
  body: ([count], local) =>
    each(count!, local, ({ packet, length, block }) => [
      i64.store(block.get, call('gmac', packet.get, length.get, maskOf(block)), layout.blocks + 8),
      i64.store(block.get, i64.load(packet.get), layout.blocks),
    ]),
}

/** The tags in `blocks` become packet ID and MAC, and counter blocks. Answers how many bytes of those. */
export const sivTags: Routine = {
  name: 'sivTags',
  params: ['i32'],
  result: 'i32',
  body: ([count], local) => {
    const out = local('i32')
    const counter = local('v128')
    return [
      each(count!, local, ({ packet, length, block }) => [
        i64.store(packet.get, i64.load(block.get, layout.blocks)),
        i64.store(packet.get, i64.load(block.get, layout.blocks + 8), 19),
        counterBlocks(out, counter, length, block),
      ]),
      out.get,
    ]
  },
}

/** Opening: packet ID and MAC are the tag; it goes to `blocks`, its counter blocks to `counters`: as many bytes. */
export const sivClaims: Routine = {
  name: 'sivClaims',
  params: ['i32'],
  result: 'i32',
  body: ([count], local) => {
    const out = local('i32')
    const counter = local('v128')
    return [
      each(count!, local, ({ packet, length, block }) => [
        i64.store(block.get, i64.load(packet.get), layout.blocks),
        i64.store(block.get, i64.load(packet.get, 19), layout.blocks + 8),
        counterBlocks(out, counter, length, block),
      ]),
      out.get,
    ]
  },
}

/** XORs the keystream in `counters` into the packets. */
export const sivCrypt: Routine = {
  name: 'sivCrypt',
  params: ['i32'],
  body: ([count], local) => {
    const [keystream, at, end] = [local('i32'), local('i32'), local('i32')]
    return each(count!, local, ({ packet, length }) => [
      at.set(i32.add(packet.get, i32.const(27))),
      end.set(i32.add(packet.get, length.get)),
      repeat(i32.ltU(at.get, end.get), [
        v128.store(at.get, v128.xor(v128.load(at.get), v128.load(keystream.get, layout.counters))),
        at.set(i32.add(at.get, i32.const(16))),
        keystream.set(i32.add(keystream.get, i32.const(16))),
      ]),
    ])
  },
}

/** Opening: what the tags in `blocks` hid (IV and folded GMAC) is kept, nonce blocks of the IVs take their place. */
export const sivReveal: Routine = {
  name: 'sivReveal',
  params: ['i32'],
  body: ([count], local) =>
    each(count!, local, ({ block }) => [
      v128.store(block.get, v128.load(block.get, layout.blocks), layout.inner),
      v128.store(block.get, nonceBlock(v128.load64(block.get, layout.blocks)), layout.blocks),
    ]),
}

/** Whether each packet's GMAC is the one its tag hid. */
export const sivJudge: Routine = {
  name: 'sivJudge',
  params: ['i32'],
  body: ([count], local) => {
    const verdict = local('i32')
    return each(count!, local, ({ packet, length, block }) => [
      i32.store(
        verdict.get,
        i64.eq(call('gmac', packet.get, length.get, maskOf(block)), i64.load(block.get, layout.inner + 8)),
        layout.verdicts,
      ),
      verdict.set(i32.add(verdict.get, i32.const(4))),
    ])
  },
}

interface Turn {
  readonly packet: Local
  readonly length: Local
  /** 16 times the packet's number: its offset in every table of blocks. */
  readonly block: Local
}

const each = (count: Local, local: (type: 'i32') => Local, body: (turn: Turn) => Code): Code => {
  const [packet, length, block] = [local('i32'), local('i32'), local('i32')]
  const entry = i32.shrU(block.get, i32.const(1))
  return [
    repeat(i32.ltU(i32.shrU(block.get, i32.const(4)), count.get), [
      packet.set(i32.load(entry, layout.packetTable)),
      length.set(i32.load(entry, layout.packetTable + 4)),
      body({ packet, length, block }),
      block.set(i32.add(block.get, i32.const(16))),
    ]),
  ]
}

/** Writes the counter blocks of one packet: its tag, bit 7 of byte 12 cleared, the last four bytes counting up. */
const counterBlocks = (out: Local, counter: Local, length: Local, block: Local): Code => [
  length.set(i32.sub(length.get, i32.const(27))),
  counter.set(lastWordSwapped(v128.and(v128.load(block.get, layout.blocks), COUNTER_MASK))),
  // a region is never empty, and what is left of its length below one block is at least one byte
  repeat(i32.gtU(length.get, ZERO), [
    v128.store(out.get, lastWordSwapped(counter.get), layout.counters),
    counter.set(i32x4.add(counter.get, i32x4.const(0, 0, 0, 1))),
    out.set(i32.add(out.get, i32.const(16))),
    length.set(saturated(length)),
  ]),
]
/** length - 16, not below zero. */
const saturated = (length: Local): Code =>
  i32.shl(i32.sub(i32.shrU(i32.add(length.get, i32.const(15)), i32.const(4)), i32.const(1)), i32.const(4))

/** GCM's first counter block for a 12-byte nonce that ends in four zero bytes. */
const nonceBlock = (id: Code): Code => v128.or(id, v128.const([...new Array<number>(15).fill(0), 1]))
const maskOf = (block: Local): Code => i32.add(block.get, i32.const(layout.blocks))
const lastWordSwapped = (value: Code): Code =>
  v128.shuffle(value, value, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12])
const COUNTER_MASK = v128.const(Array.from({ length: 16 }, (_, i) => (i === 12 ? 0x7f : 0xff)))
const ZERO = i32.const(0)
