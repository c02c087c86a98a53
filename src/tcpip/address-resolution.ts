import type { Frame } from '../protocol/kernel/frame.ts'
import { type Mac, mac } from '../protocol/kernel/id.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import { BROADCAST_MAC, isGroupMac, isUnicast, isUnspecified } from './address.ts'
import { readArp, SENDER_IP, TARGET_IP, writeArp } from './arp.ts'
import { ETHERTYPE_ARP } from './ethernet.ts'
import type { Host } from './host.ts'
import type { Interface, OwnAddress } from './interface.ts'
import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import type { Neighbour } from './neighbour.ts'
import type { NeighbourCache } from './neighbour-cache.ts'
import type { StackDropReason } from './stack-io.ts'

/** The ARP side of a host (RFC 826): asks, answers, announces, and notices who claims an address of ours. */
export interface AddressResolution {
  /** Why the packet was of no use, or `undefined`. */
  readonly input: (frame: Frame) => StackDropReason | undefined
  readonly ask: (neighbour: Neighbour, everybody: boolean) => void
  /** One request for our own address, so that everybody learns it (RFC 5227 §2.3); no probing, no waiting. */
  readonly announce: (address: OwnAddress) => void
}

export const addressResolution = (
  host: Host,
  iface: Interface,
  intern: Interning,
  neighbours: () => NeighbourCache,
): AddressResolution => {
  const request = (from: Ip, target: Ip, to: Mac): void =>
    host.emit(to, ETHERTYPE_ARP, writeArp(true, host.mac, from.bytes, NOBODY, target.bytes))
  const announce = ({ ip }: OwnAddress): void => request(ip, ip, BROADCAST_MAC)

  return {
    announce,
    ask: (neighbour, everybody) => {
      const source = iface.source(neighbour.ip)
      if (source !== undefined) request(source, neighbour.ip, everybody ? BROADCAST_MAC : neighbour.mac)
    },
    input: (frame) => {
      const arp = readArp(frame.payload)
      if (arp === undefined) return 'arp-malformed'
      const its = arp.senderMac
      const sender = intern.v4(arp.bytes, SENDER_IP)
      const isProbe = isUnspecified(sender)
      const isSpoofed = its === 0 || isGroupMac(its) || its === host.mac || its !== frame.from
      if (isSpoofed || !(isProbe || isUnicast(sender)) || iface.isBroadcast(sender)) return 'arp-spoofed'
      const claimed = iface.find(sender)
      if (claimed !== undefined) {
        host.out({ _tag: 'Conflict', address: sender.text, mac: its })
        if (host.now - claimed.defendedAt >= DEFEND_INTERVAL) {
          claimed.defendedAt = host.now
          announce(claimed)
        }
        return undefined
      }
      const target = intern.v4(arp.bytes, TARGET_IP)
      const ours = iface.find(target)
      if (!isProbe) {
        // merge first, then look at the target; strangers get an entry only if they speak to us
        const isAnswer = !arp.isRequest && frame.to === host.mac
        if (isAnswer) neighbours().advertised(sender, its, true, true)
        else neighbours().heard(sender, its, arp.isRequest && ours !== undefined)
      }
      if (arp.isRequest && ours !== undefined) {
        host.emit(its, ETHERTYPE_ARP, writeArp(false, host.mac, target.bytes, its, sender.bytes))
      }
      return undefined
    },
  }
}

const NOBODY = mac(0)
const DEFEND_INTERVAL: Millis = 10_000
