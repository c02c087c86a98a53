import type { Frame } from '../kernel/frame.ts'
import { type Address, address, type Mac, printAddress } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { Message } from '../vl1-io.ts'
import { addressValue, printDictionary, textValue, truthValue, unsignedValue } from './dictionary.ts'
import type { Joined } from './joined.ts'
import type { DecisionLog } from './rule-log.ts'
import { packetOf, send, type Turn } from './turn.ts'

/**
 * Telling a node that the network names what was dropped and refused here (`docs/protocol/vl2.md` §17): one dictionary a
 * packet, in the words of native nodes. Costs nothing where no target is named. A target cannot be flooded by way of us:
 * beyond `TRACES` a second nothing is told.
 */
export interface TraceTarget {
  readonly to: Address
  readonly level: number
}

/** A frame of this node that the rules do not let out. */
export const traceOutgoing = (t: Turn, net: Joined, from: Mac, to: Mac, etherType: number, length: number): void => {
  if (!isTold(t, net, VERBOSE)) return
  tell(t, net, '2000', [
    ['networkId', unsignedValue(net.id)],
    ['sourceMac', unsignedValue(BigInt(from))],
    ['destMac', unsignedValue(BigInt(to))],
    ['etherType', unsignedValue(BigInt(etherType))],
    ['vlanId', unsignedValue(0n)],
    ['frameLength', unsignedValue(BigInt(length))],
    ['reason', textValue('filter blocked')],
  ])
}

/** A frame of another member that the rules do not let in. */
export const traceIncoming = (t: Turn, net: Joined, message: Message, from: Mac, to: Mac): void => {
  if (!isTold(t, net, VERBOSE)) return
  tell(t, net, '2002', [
    ...about(net, message),
    ['sourceMac', unsignedValue(BigInt(from))],
    ['destMac', unsignedValue(BigInt(to))],
    ['reason', textValue('filter blocked')],
  ])
}

/** Whether to tell how the rules decided about a frame. */
export const tracesRules = (t: Turn, net: Joined): boolean => isTold(t, net, RULES)

/** How the rules decided, match by match; the frame as far as `TRACED_BYTES`. */
export const traceFilter = (t: Turn, net: Joined, of: FilterTrace): void => {
  const { from, to, etherType, payload } = of.frame
  const { base, capability } = of.log
  tell(t, net, '2006', [
    ['networkId', unsignedValue(net.id)],
    ['sourceZtAddr', addressValue(of.source)],
    ['destZtAddr', addressValue(of.dest ?? NO_ADDRESS)],
    ['sourceMac', unsignedValue(BigInt(from))],
    ['destMac', unsignedValue(BigInt(to))],
    ['etherType', unsignedValue(BigInt(etherType))],
    ['vlanId', unsignedValue(0n)],
    ['filterNoTee', truthValue(of.noTee)],
    ['filterInbound', truthValue(of.inbound)],
    ['filterResult', unsignedValue(BigInt(of.result))],
    ['filterBaseRuleLog', base],
    ...(capability === undefined
      ? []
      : [
          ['filterCapRuleLog', capability.log] as const,
          ['filterMatchingCapId', unsignedValue(BigInt(capability.id))] as const,
        ]),
    ['frameLength', unsignedValue(BigInt(payload.length))],
    ...(payload.length === 0 ? [] : [['frameData', payload.subarray(0, TRACED_BYTES)] as const]),
  ])
}
export interface FilterTrace {
  readonly inbound: boolean
  readonly noTee: boolean
  readonly source: Address
  /** `undefined` while the recipients are not chosen. */
  readonly dest: Address | undefined
  /** 0 not passed, 1 passed, 2 passed whatever its addresses. */
  readonly result: number
  readonly log: DecisionLog
  readonly frame: Frame
}

/** A frame of who has not shown that it is a member. */
export const traceDenied = (t: Turn, net: Joined, message: Message): void => {
  if (isTold(t, net, VERBOSE)) tell(t, net, '2001', about(net, message))
}

/** A credential that was not taken; `type` as in revocations. */
export const traceRejected = (t: Turn, net: Joined, one: RejectedCredential, reason: string): void => {
  if (!isTold(t, net, NORMAL)) return
  tell(t, net, '2003', [
    ['networkId', unsignedValue(net.id)],
    ['credType', unsignedValue(BigInt(one.type))],
    ['credId', unsignedValue(BigInt(one.id))],
    ...(one.timestamp === undefined ? [] : [['credTs', unsignedValue(one.timestamp)] as const]),
    [one.timestamp === undefined ? 'credRevocationTarget' : 'credIssuedTo', addressValue(one.of)],
    ['reason', textValue(reason)],
  ])
}
export interface RejectedCredential {
  readonly type: number
  readonly id: number
  /** Absent in a revocation. */
  readonly timestamp?: bigint
  /** Whom it was issued to, or whom it is to put out. */
  readonly of: Address
}

type Entry = readonly [key: string, value: Uint8Array]

const about = (net: Joined, message: Message): readonly Entry[] => [
  ['packetId', unsignedValue(message.packetId)],
  ['packetVerb', unsignedValue(BigInt(message.verb))],
  ['remoteZtAddr', textValue(printAddress(message.source))],
  ['remotePhyAddr', textValue(`${message.via.endpoint.address}/${message.via.endpoint.port}`)],
  ['networkId', unsignedValue(net.id)],
]

const isTold = (t: Turn, net: Joined, level: number): boolean => {
  const target = net.active?.trace
  if (target === undefined || target.level < level) return false
  const second = Math.floor(t.now / 1_000)
  if (net.traces.second !== second) net.traces = { second, told: 0 }
  return net.traces.told < TRACES
}

const tell = (t: Turn, net: Joined, event: string, entries: readonly Entry[]): void => {
  const target = net.active?.trace
  if (target === undefined) return
  net.traces = { ...net.traces, told: net.traces.told + 1 }
  const dictionary = printDictionary([['event', textValue(event)], ...entries])
  const payload = new Uint8Array(dictionary.length + 1)
  payload.set(dictionary)
  send(t, target.to, verbCode.remoteTrace, packetOf(payload), true)
}

/** Of one network, in a second. */
export const TRACES = 100
const NORMAL = 0
const VERBOSE = 10
const RULES = 15
/** Of a frame about which the rules decided. */
const TRACED_BYTES = 256
const NO_ADDRESS = address(0)
export interface TraceCount {
  readonly second: Millis
  readonly told: number
}
