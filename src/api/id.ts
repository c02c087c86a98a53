import * as t from 'io-ts'
import { isReserved, networkId as networkBits, parseAddress, parseNetworkId } from '../protocol/kernel/id.ts'
import { type IpAddress, parseIp, printIp } from '../protocol/kernel/ip.ts'
import { rfc4193 as rfc4193Bytes, sixPlane as sixPlaneBytes } from '../protocol/network/managed-address.ts'
import { ArgumentError } from '../streams/error.ts'
import { anything, checkOptions, isRecord, refuse } from '../streams/option.ts'
import {
  type NetworkId as NetworkIdText,
  type NodeId as NodeIdText,
  publicNetworkId,
  publicWorldId,
  type WorldId as WorldIdText,
} from '../streams/public-id.ts'
import { within } from './socket-option.ts'

/** 10 hex digits, lower case; the codec of the same name decodes unknown input (io-ts). */
export type NodeId = NodeIdText
/** 16 hex digits, lower case. */
export type NetworkId = NetworkIdText
/** 16 hex digits, lower case. */
export type WorldId = WorldIdText

/** 10 hex digits, in either case. */
export const isNodeId = (x: unknown): x is NodeId => typeof x === 'string' && NODE_ID.test(x)
/** 16 hex digits, in either case. */
export const isNetworkId = (x: unknown): x is NetworkId => typeof x === 'string' && LONG_ID.test(x)

/** @throws {ArgumentError} `ERR_ZT_INVALID_ID` */
export const asNodeId = (x: string): NodeId => {
  const text = typeof x === 'string' ? x.toLowerCase() : x
  if (isNodeId(text) && !isReserved(parseAddress(text)!)) return text
  if (isNodeId(text)) throw invalid('node id', x, 'is reserved — copy it from the node (`node.id`)')
  throw invalid('node id', x, 'is not 10 hex digits — copy it from the node (`node.id`)')
}

/**
 * A network ID from text or a bigint; a `number` is refused, because it cannot hold 64 bits.
 * @throws {ArgumentError} `ERR_ZT_INVALID_ID`
 */
export const asNetworkId = (x: string | bigint): NetworkId => {
  if (typeof x === 'bigint') {
    if (x > 0n && x < 1n << 64n) return publicNetworkId(networkBits(x))
    throw invalid('network id', x, 'is not a positive 64-bit number — copy it from the controller')
  }
  const text = typeof x === 'string' ? x.toLowerCase() : x
  if (isNetworkId(text) && text !== '0000000000000000') return text
  if (text === '0000000000000000') throw invalid('network id', x, 'is no network — copy it from the controller')
  throw typeof x === 'number'
    ? invalid('network id', x, 'is a number and has lost digits — write it as a string of 16 hex digits')
    : invalid('network id', x, 'is not 16 hex digits — copy it from the controller')
}

/** @throws {ArgumentError} `ERR_ZT_INVALID_ID` */
export const asWorldId = (x: string | bigint): WorldId => {
  if (typeof x === 'bigint' && x >= 0n && x < 1n << 64n) return publicWorldId(x)
  const text = typeof x === 'string' ? x.toLowerCase() : x
  if (typeof text === 'string' && LONG_ID.test(text)) return text as WorldId
  throw invalid('world id', x, 'is not 16 hex digits — copy it from who runs the moon')
}

/** Decoders of unknown input (io-ts), for whoever validates configuration of their own. */
export const NodeId = new t.Type<NodeId, string, unknown>(
  'NodeId',
  isNodeId,
  (x, context) => (isNodeId(x) ? t.success(x.toLowerCase() as NodeId) : t.failure(x, context)),
  (id) => id,
)
export const NetworkId = new t.Type<NetworkId, string, unknown>(
  'NetworkId',
  isNetworkId,
  (x, context) => (isNetworkId(x) ? t.success(x.toLowerCase() as NetworkId) : t.failure(x, context)),
  (id) => id,
)

export const WorldId = new t.Type<WorldId, string, unknown>(
  'WorldId',
  (x): x is WorldId => typeof x === 'string' && LONG_ID.test(x),
  (x, context) =>
    typeof x === 'string' && LONG_ID.test(x) ? t.success(x.toLowerCase() as WorldId) : t.failure(x, context),
  (id) => id,
)

/** The 6PLANE address of a node: `fc`, the folded network, the node; each node owns the /80. */
export const sixPlane = (network: NetworkId | string, node: NodeId | string): IpAddress =>
  printIp(sixPlaneBytes(parseAddress(asNodeId(node))!, parseNetworkId(asNetworkId(network))!))
/** The RFC 4193 address of a node: `fd`, the network, `9993`, the node. */
export const rfc4193 = (network: NetworkId | string, node: NodeId | string): IpAddress =>
  printIp(rfc4193Bytes(parseAddress(asNodeId(node))!, parseNetworkId(asNetworkId(network))!))

/** What an ad-hoc network is for: a range of TCP ports, or everything, with IPv4 as well. */
export type AdhocOptions =
  | { readonly ports: readonly [number, number] }
  | {
      /** The first octet of everybody's IPv4 address, which goes on with the last three bytes of the node ID: /8. */
      readonly ipv4: number
      /** A node that all of them keep in contact with. */
      readonly hub?: NodeId | string
    }

/**
 * The ID of a network without a controller: everybody who joins it is a member. With `ports` it is IPv6 only, and only
 * those TCP ports are open; with `ipv4` nothing is closed.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, `ERR_ZT_INVALID_ID`
 * @example adhocNetworkId({ ports: [80, 80] }) // 'ff00500050000000'
 * @example adhocNetworkId({ ipv4: 10, hub: '8056c2e21c' }) // 'ff0a8056c2e21c01'
 */
export const adhocNetworkId = (options: AdhocOptions): NetworkId => {
  if (isRecord(options) && 'ipv4' in options) {
    checkOptions('adhocNetworkId()', options, { ipv4: anything, hub: anything })
    const { ipv4, hub } = options
    within('ipv4', ipv4, 1, 223)
    const address = hub === undefined ? 0n : BigInt(`0x${asNodeId(hub)}`)
    return publicNetworkId(networkBits((0xffn << 56n) | (BigInt(ipv4) << 48n) | (address << 8n) | 1n))
  }
  checkOptions('adhocNetworkId()', options, { ports: anything })
  if (!Array.isArray(options.ports)) refuse('ports', options.ports, 'pass the first and the last port')
  const [first, last] = options.ports
  within('first port', first, 0, 65_535)
  within('last port', last, first, 65_535)
  return publicNetworkId(networkBits((0xffn << 56n) | (BigInt(first) << 40n) | (BigInt(last) << 24n)))
}

/** Whether `text` is an IP address of either family. */
export const isIp = (text: string): boolean => parseIp(text) !== undefined

const invalid = (what: string, found: unknown, cure: string): ArgumentError =>
  new ArgumentError('ERR_ZT_INVALID_ID', `${what} ${typeof found === 'string' ? `"${found}"` : String(found)} ${cure}`)

const NODE_ID = /^[0-9a-f]{10}$/i
const LONG_ID = /^[0-9a-f]{16}$/i
