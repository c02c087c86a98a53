import { type Code, call, type Local, type Routine } from './emitter.ts'
import { i32, i64, leave, v128, when } from './instructions.ts'
import { layout } from './layout.ts'

/**
 * Suites 0 and 1 of a whole packet in one call (`docs/protocol/vl1.md`, Salsa20/12-Poly1305). The session key is at
 * `layout.key`; packets may be followed by up to 255 spoiled bytes.
 */

/** (packet, length): the state of the packet's own stream, from session key and header. */
export const salsaKey: Routine = {
  name: 'salsaKey',
  params: ['i32', 'i32'],
  body: ([packet, length], local) => {
    const [low, high] = [local('v128'), local('i64')]
    return [
      // packet ID, destination and three bytes of source; then two more, byte 18 without hops, and the length
      low.set(v128.xor(v128.load(ZERO, layout.key), v128.load(packet!.get))),
      high.set(i64.and(i64.load(packet!.get, 16), i64.const(0xf8ffffn))),
      high.set(i64.or(high.get, i64.shl(i64.extend(length!.get), 24))),
      high.set(i64.xor(high.get, i64.load(ZERO, layout.key + 16))),
      i32.store(ZERO, i32.const(0x61707865), layout.state),
      v128.store(ZERO, low.get, layout.state + 4),
      i32.store(ZERO, i32.const(0x3320646e), layout.state + 20),
      i64.store(ZERO, i64.load(packet!.get), layout.state + 24),
      i64.store(ZERO, i64.const(0n), layout.state + 32),
      i32.store(ZERO, i32.const(0x79622d32), layout.state + 40),
      i64.store(ZERO, high.get, layout.state + 44),
      i64.store(ZERO, i64.load(ZERO, layout.key + 24), layout.state + 52),
      i32.store(ZERO, i32.const(0x6b206574), layout.state + 60),
    ]
  },
}

/** (packet, length, flags): byte 18 gets `flags`; encrypts if they say suite 1; writes the MAC. */
export const salsaSeal: Routine = {
  name: 'salsaSeal',
  params: ['i32', 'i32', 'i32'],
  body: ([packet, length, flags]) => [
    i32.store8(packet!.get, flags!.get, 18),
    call('salsaKey', packet!.get, length!.get),
    call('salsaWrite', i32.const(layout.keystream), ZERO, TWELVE),
    when(encrypts(flags!.get), cryptRegion(packet!, length!)),
    macOf(packet!, length!),
    i64.store(packet!.get, i64.load(ZERO, layout.tag), 19),
  ],
}

/** (packet, length): 1 if the MAC is right, then also decrypted; else 0 and untouched. */
export const salsaOpen: Routine = {
  name: 'salsaOpen',
  params: ['i32', 'i32'],
  result: 'i32',
  body: ([packet, length]) => [
    call('salsaKey', packet!.get, length!.get),
    call('salsaWrite', i32.const(layout.keystream), ZERO, TWELVE),
    macOf(packet!, length!),
    when(i32.eqz(i64.eq(i64.load(packet!.get, 19), i64.load(ZERO, layout.tag))), leave(ZERO)),
    when(encrypts(i32.load8(packet!.get, 18)), cryptRegion(packet!, length!)),
    i32.const(1),
  ],
}

/** XORs the region from byte 27 on: its first 192 bytes with what came along with the MAC key, then block 4 and on. */
const cryptRegion = (packet: Local, length: Local): Code => [
  Array.from({ length: 12 }, (_, i) =>
    v128.store(
      packet.get,
      v128.xor(v128.load(packet.get, 27 + 16 * i), v128.load(ZERO, layout.keystream + 64 + 16 * i)),
      27 + 16 * i,
    ),
  ),
  when(
    i32.gtU(length.get, i32.const(27 + 192)),
    call('salsaStream', i32.add(packet.get, i32.const(27 + 192)), rest(length, 27 + 192), i32.const(4), TWELVE),
  ),
]
const macOf = (packet: Local, length: Local): Code =>
  call('poly1305', i32.add(packet.get, i32.const(27)), rest(length, 27))
const rest = (length: Local, after: number): Code => i32.sub(length.get, i32.const(after))
const encrypts = (flags: Code): Code => i32.and(flags, i32.const(0x08))
const ZERO = i32.const(0)
const TWELVE = i32.const(12)
