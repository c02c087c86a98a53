import { readdirSync, readFileSync } from 'node:fs'
import { parseIdentity, type SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import type { Endpoint } from '../../src/protocol/datagram.ts'
import { readU16 } from '../../src/protocol/kernel/codec.ts'
import { E } from '../../src/protocol/kernel/fp.ts'
import { printIp } from '../../src/protocol/kernel/ip.ts'

const folder = new URL('../captures/', import.meta.url)

/** A packet of a native node as its capture was decoded once, `payload` opened and decompressed. */
export interface CapturedPacket {
  readonly packet_id: string
  readonly from: string
  readonly to: string
  readonly hops: number
  readonly cipher: number
  readonly fragments: number
  readonly verb: string
  readonly compressed: boolean
  readonly payload: string
}
export interface CapturedDatagram {
  readonly from: Endpoint
  readonly data: Uint8Array
}

/** The captures by name, such as `02-join-za`. */
export const captureNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.pcap'))
  .map((file) => file.slice(0, -5))
  .sort()

export const capturedPackets = (name: string): readonly CapturedPacket[] =>
  readFileSync(new URL(`${name}.jsonl`, folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CapturedPacket)

/** The UDP datagrams of a capture: pcap, Ethernet, IPv4 without IP fragments. */
export const capturedDatagrams = (name: string, at = folder): readonly CapturedDatagram[] => {
  const file = new Uint8Array(readFileSync(new URL(`${name}.pcap`, at)))
  const view = new DataView(file.buffer)
  const found: CapturedDatagram[] = []
  for (let at = 24; at < file.length; at += 16 + view.getUint32(at + 8, true)) {
    const ip = at + 16 + 14
    if (readU16(file, ip - 2) !== 0x0800 || file[ip + 9] !== 17) continue
    const udp = ip + (file[ip]! & 0x0f) * 4
    found.push({
      from: { address: printIp(file.subarray(ip + 12, ip + 16)), port: readU16(file, udp) },
      data: file.slice(udp + 8, udp + readU16(file, udp + 4)),
    })
  }
  return found
}

/** The nodes of a test network, whose secrets open every packet of its captures. */
export const identitiesIn = (at: URL): readonly SecretIdentity[] =>
  readdirSync(new URL('ids/', at))
    .filter((file) => file.endsWith('.secret'))
    .flatMap((file) => {
      const one = parseIdentity(readFileSync(new URL(`ids/${file}`, at), 'utf8'))
      if (E.isLeft(one)) throw new Error(`${file}: ${one.left}`)
      const { secretKey } = one.right
      return secretKey === undefined ? [] : [{ ...one.right, secretKey }]
    })
export const capturedNodes = identitiesIn(folder)

/** Ours and native ones together, recorded by the interop tests: ours are `root`, `controller`, `member` as the name says. */
export const mixedFolder = new URL('mixed/', folder)

export const capturedPlanet = (): Uint8Array => new Uint8Array(readFileSync(new URL('planet', folder)))

/** The nodes of one such recording by the names it gives them, as in `ids/<capture>-<name>.secret`. */
export const mixedNodes = (capture: string): Readonly<Record<string, SecretIdentity>> =>
  Object.fromEntries(
    readdirSync(new URL('ids/', mixedFolder))
      .filter((file) => file.startsWith(`${capture}-`))
      .map((file) => {
        const one = parseIdentity(readFileSync(new URL(`ids/${file}`, mixedFolder), 'utf8'))
        if (E.isLeft(one) || one.right.secretKey === undefined) throw new Error(`${file} is no secret identity`)
        return [file.slice(capture.length + 1, -'.secret'.length), { ...one.right, secretKey: one.right.secretKey }]
      }),
  )
