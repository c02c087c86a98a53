import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import { FRAME_HEADROOM } from '../protocol/kernel/frame.ts'
import { type Mac, mac, readU48, writeU48 } from '../protocol/kernel/id.ts'

/**
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 *     hardware[2] = 1   protocol[2] = 0x0800   hardware length[1] = 6   protocol length[1] = 4   operation[2] = 1 | 2
 *     sender MAC[6]   sender IP[4]   target MAC[6]   target IP[4]
 *
 * Padding behind it is ignored. The addresses are read where they stand: `SENDER_IP` and `TARGET_IP` are offsets.
 */
export interface ArpPacket {
  readonly isRequest: boolean
  readonly senderMac: Mac
  readonly bytes: Uint8Array
}
/** `undefined` if this is no ARP for IPv4 over Ethernet. */
export const readArp = (b: Uint8Array): ArpPacket | undefined => {
  if (b.length < ARP_LENGTH || readU16(b, 0) !== 1 || readU16(b, 2) !== 0x0800 || b[4] !== 6 || b[5] !== 4) {
    return undefined
  }
  const operation = readU16(b, 6)
  if (operation !== REQUEST && operation !== REPLY) return undefined
  return { isRequest: operation === REQUEST, senderMac: mac(readU48(b, 8)), bytes: b }
}

/** A packet ready for a frame, with headroom in front. The target MAC of a request is zero. */
export const writeArp = (
  isRequest: boolean,
  senderMac: Mac,
  senderIp: Uint8Array,
  targetMac: Mac,
  targetIp: Uint8Array,
): Uint8Array => {
  const b = new Uint8Array(FRAME_HEADROOM + ARP_LENGTH).subarray(FRAME_HEADROOM)
  writeU16(b, 0, 1)
  writeU16(b, 2, 0x0800)
  b[4] = 6
  b[5] = 4
  writeU16(b, 6, isRequest ? REQUEST : REPLY)
  writeU48(b, 8, senderMac)
  b.set(senderIp, SENDER_IP)
  writeU48(b, 18, isRequest ? 0 : targetMac)
  b.set(targetIp, TARGET_IP)
  return b
}

export const SENDER_IP = 14
export const TARGET_IP = 24
const ARP_LENGTH = 28
const REQUEST = 1
const REPLY = 2
