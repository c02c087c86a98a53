import { type Cipher, createCipheriv } from 'node:crypto'
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
 * out. Suite 3 goes by batches; blocks that are few are encrypted in the module, because a call into OpenSSL costs as
 * much as a handful of them, and many by OpenSSL, through a context that lives as long as the session.
 */
export const fastSession = (wasm: WasmCrypto, key48: Uint8Array): Session => {
  const { bytes } = wasm
  const key = key48.slice()
  const saltKey = key.subarray(0, 32)
  let siv: SivContext | undefined
  const sivContext = (): SivContext => {
    siv ??= makeSivContext(wasm, key)
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
    const { keystream } = readySiv(wasm, sivContext())
    for (let from = 0; from < packets.length; ) {
      const count = place(wasm, packets, from)
      wasm.sivNonces(count)
      wasm.aesEncrypt(layout.blocks, count, layout.hashKeys)
      wasm.sivInner(count)
      wasm.aesEncrypt(layout.blocks, count, layout.cipherKeys)
      encryptCounters(wasm, keystream, wasm.sivTags(count))
      wasm.sivCrypt(count)
      take(wasm, packets, from, count)
      from += count
    }
  }
  const openSiv = (packets: readonly Uint8Array[], answer: (index: number, genuine: boolean) => void): void => {
    const { keystream } = readySiv(wasm, sivContext())
    for (let from = 0; from < packets.length; ) {
      const count = place(wasm, packets, from)
      encryptCounters(wasm, keystream, wasm.sivClaims(count))
      wasm.sivCrypt(count)
      wasm.aesDecrypt(layout.blocks, count, layout.decipherKeys)
      wasm.sivReveal(count)
      wasm.aesEncrypt(layout.blocks, count, layout.hashKeys)
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

/** The AES keys of a session, as the module and as OpenSSL want them, and its GHASH key. */
interface SivContext {
  /** What lies at `layout.hashKeys` and behind: three expanded keys. */
  readonly roundKeys: Uint8Array
  readonly keystream: Cipher
  readonly h: Uint8Array
}

const makeSivContext = (wasm: WasmCrypto, key48: Uint8Array): SivContext => {
  const { bytes } = wasm
  const k0 = kbkdf(nodePrimitives, key48, GMAC_LABEL).subarray(0, 32)
  const k1 = kbkdf(nodePrimitives, key48, CTR_LABEL).subarray(0, 32)
  tableOf = undefined
  bytes.set(k0, layout.key)
  wasm.aesKeys(layout.key, layout.hashKeys)
  bytes.set(k1, layout.key)
  wasm.aesKeys(layout.key, layout.cipherKeys)
  bytes.fill(0, layout.blocks, layout.blocks + 16)
  wasm.aesEncrypt(layout.blocks, 1, layout.hashKeys)
  return {
    roundKeys: bytes.slice(layout.hashKeys, layout.hashKeys + ROUND_KEYS),
    // ECB without padding, never finished: a block cipher to be called for ever
    keystream: createCipheriv('aes-256-ecb', k1, null).setAutoPadding(false),
    h: bytes.slice(layout.blocks, layout.blocks + 16),
  }
}

/**
 * Sees that round keys and GHASH table in the module are this session's. Making the table takes less than half a
 * microsecond; one at one place for all sessions saves more than that on each packet.
 */
const readySiv = (wasm: WasmCrypto, context: SivContext): SivContext => {
  if (tableOf !== context) {
    wasm.bytes.set(context.roundKeys, layout.hashKeys)
    wasm.bytes.set(context.h, layout.ghashKey)
    wasm.ghashTable()
    tableOf = context
  }
  return context
}
let tableOf: SivContext | undefined

const encryptCounters = (wasm: WasmCrypto, keystream: Cipher, length: number): void => {
  if (length <= FEW_BLOCKS * 16) wasm.aesEncrypt(layout.counters, length >>> 4, layout.cipherKeys)
  else {
    const { bytes } = wasm
    bytes.set(keystream.update(bytes.subarray(layout.counters, layout.counters + length)), layout.counters)
  }
}

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

const fits = (packet: Uint8Array): boolean => packet.length <= LARGEST
/** Where a packet begins so that its byte 27 is aligned to 16. */
const PLACE = layout.packets + 5
const HEADER = 27
const LARGEST = 0xffff
/** From here on OpenSSL is quicker, its call included. */
const FEW_BLOCKS = 8
const ROUND_KEYS = 3 * 256
