import { type Cipher, createCipheriv, createDecipheriv, type Decipher } from 'node:crypto'
import { portableSession, suiteFlags, suiteOf } from '../../protocol/crypto/armor.ts'
import { CTR_LABEL, GMAC_LABEL, kbkdf } from '../../protocol/crypto/kbkdf.ts'
import type { Session } from '../../protocol/crypto/suite.ts'
import { nobleAes } from './crypto-noble.ts'
import { nodePrimitives } from './crypto-node.ts'
import { plainCrypto } from './crypto-plain.ts'
import type { WasmCrypto } from './wasm/instance.ts'
import { BATCH, layout, PACKET_ROOM } from './wasm/layout.ts'

/**
 * A session over the WebAssembly module. Suites 0 and 1 take a packet in, seal or open it there in one call, and take it
 * out. Suite 3 goes by batches, because a call into OpenSSL costs as much as encrypting half a packet: three calls a
 * batch, through AES contexts that live as long as the session.
 */
export const fastSession = (wasm: WasmCrypto, key48: Uint8Array): Session => {
  const { bytes } = wasm
  const key = key48.slice()
  const saltKey = key.subarray(0, 32)
  let siv: SivContext | undefined
  const sivContext = (): SivContext => {
    siv ??= makeSivContext(key)
    return siv
  }
  /** For packets that cannot exist on the wire (their length would not fit its 16 bits): right, not fast. */
  const oversized = (): Session => portableSession({ ...plainCrypto, aes: nobleAes }, key)

  const sealSalsa = (suite: 0 | 1, packets: readonly Uint8Array[]): void => {
    bytes.set(saltKey, layout.key)
    for (const packet of packets) {
      if (packet.length > LARGEST) {
        oversized().seal(suite, [packet])
        continue
      }
      bytes.set(packet, PLACE)
      wasm.salsaSeal(PLACE, packet.length, suiteFlags(packet[18]!, suite))
      packet.set(bytes.subarray(PLACE, PLACE + (suite === 1 ? packet.length : HEADER)))
    }
  }
  const openSalsa = (packet: Uint8Array): boolean => {
    bytes.set(packet, PLACE)
    if (wasm.salsaOpen(PLACE, packet.length) === 0) return false
    if ((packet[18]! & 0x38) !== 0) packet.set(bytes.subarray(PLACE, PLACE + packet.length))
    return true
  }
  const sealSiv = (packets: readonly Uint8Array[]): void => {
    const { k0, k1 } = readySiv(wasm, sivContext())
    for (let from = 0; from < packets.length; ) {
      const count = place(wasm, packets, from)
      wasm.sivNonces(count)
      through(bytes, k0, layout.blocks, 16 * count)
      wasm.sivInner(count)
      through(bytes, k1, layout.blocks, 16 * count)
      through(bytes, k1, layout.counters, wasm.sivTags(count))
      wasm.sivCrypt(count)
      take(wasm, packets, from, count)
      from += count
    }
  }
  const openSiv = (packets: readonly Uint8Array[], answer: (index: number, genuine: boolean) => void): void => {
    const { k0, k1, k1Inverse } = readySiv(wasm, sivContext())
    for (let from = 0; from < packets.length; ) {
      const count = place(wasm, packets, from)
      through(bytes, k1, layout.counters, wasm.sivClaims(count))
      wasm.sivCrypt(count)
      through(bytes, k1Inverse, layout.blocks, 16 * count)
      wasm.sivReveal(count)
      through(bytes, k0, layout.blocks, 16 * count)
      wasm.sivJudge(count)
      take(wasm, packets, from, count)
      for (let i = 0; i < count; i++) answer(from + i, wasm.words[layout.verdicts / 4 + i] === 1)
      from += count
    }
  }
  return {
    seal: (suite, packets) => {
      if (suite !== 3) sealSalsa(suite, packets)
      else if (packets.every(fits)) sealSiv(packets)
      else for (const packet of packets) fits(packet) ? sealSiv([packet]) : oversized().seal(3, [packet])
    },
    open: (packets) => {
      const genuine: boolean[] = []
      const waiting: Uint8Array[] = []
      const numbers: number[] = []
      let keyed = false
      for (let i = 0; i < packets.length; i++) {
        const packet = packets[i]!
        const suite = packet.length > LARGEST ? undefined : suiteOf(packet)
        if (suite === 3) {
          waiting.push(packet)
          numbers.push(i)
        } else if (suite !== undefined && !keyed) {
          bytes.set(saltKey, layout.key)
          keyed = true
        }
        genuine.push(suite === 0 || suite === 1 ? openSalsa(packet) : false)
      }
      if (waiting.length > 0) openSiv(waiting, (index, yes) => (genuine[numbers[index]!] = yes))
      return genuine
    },
  }
}

/** The AES contexts of a session, and its GHASH key. */
interface SivContext {
  readonly k0: Cipher
  readonly k1: Cipher
  readonly k1Inverse: Decipher
  readonly h: Uint8Array
}

const makeSivContext = (key48: Uint8Array): SivContext => {
  const k0 = kbkdf(nodePrimitives, key48, GMAC_LABEL).subarray(0, 32)
  const k1 = kbkdf(nodePrimitives, key48, CTR_LABEL).subarray(0, 32)
  // ECB without padding, never finished: a block cipher to be called for ever
  const hash = createCipheriv('aes-256-ecb', k0, null).setAutoPadding(false)
  return {
    k0: hash,
    k1: createCipheriv('aes-256-ecb', k1, null).setAutoPadding(false),
    k1Inverse: createDecipheriv('aes-256-ecb', k1, null).setAutoPadding(false),
    h: hash.update(ZERO_BLOCK),
  }
}

/**
 * Sees that the module's GHASH table is this session's. Making it takes less than half a microsecond; a table at one
 * place for all sessions saves more than that on each packet.
 */
const readySiv = (wasm: WasmCrypto, context: SivContext): SivContext => {
  if (tableOf !== context) {
    wasm.bytes.set(context.h, layout.ghashKey)
    wasm.ghashTable()
    tableOf = context
  }
  return context
}
let tableOf: SivContext | undefined

/** Copies as many packets in as fit; answers how many. Their regions (byte 27 on) are aligned to 16. */
const place = (wasm: WasmCrypto, packets: readonly Uint8Array[], from: number): number => {
  let at: number = PLACE
  let count = 0
  while (count < BATCH && from + count < packets.length) {
    const packet = packets[from + count]!
    if (at + packet.length > layout.packets + PACKET_ROOM) break
    wasm.bytes.set(packet, at)
    wasm.words[layout.packetTable / 4 + 2 * count] = at
    wasm.words[layout.packetTable / 4 + 2 * count + 1] = packet.length
    at += (packet.length + 31) & ~15
    count++
  }
  return count
}

/** Copies the packets that `place` took in out again. */
const take = (wasm: WasmCrypto, packets: readonly Uint8Array[], from: number, count: number): void => {
  for (let i = 0; i < count; i++) {
    const at = wasm.words[layout.packetTable / 4 + 2 * i]!
    const packet = packets[from + i]!
    packet.set(wasm.bytes.subarray(at, at + packet.length))
  }
}

const through = (bytes: Uint8Array, aes: Cipher | Decipher, at: number, length: number): void =>
  bytes.set(aes.update(bytes.subarray(at, at + length)), at)

const fits = (packet: Uint8Array): boolean => packet.length <= LARGEST
/** Where a packet begins so that its byte 27 is aligned to 16. */
const PLACE = layout.packets + 5
const HEADER = 27
const LARGEST = 0xffff
const ZERO_BLOCK = new Uint8Array(16)
