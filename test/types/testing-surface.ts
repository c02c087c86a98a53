/** What was promised of `rxzt/testing` and `rxzt/pcap`, checked by the compiler like `surface.ts`. Nothing here runs. */
import type { Observable, OperatorFunction, VirtualTimeScheduler } from 'rxjs'
import type { Counts, Endpoint, FrameTrace, Network, NodeOptions, PacketTrace, ZtNode } from 'rxzt'
import { statsDelta$ } from 'rxzt'
import { type PcapngWriter, pcapng, pcapngWriter } from 'rxzt/pcap'
import {
  fixtures,
  type Play,
  record,
  replay,
  type Segment,
  type VirtualController,
  type VirtualNet,
  type VirtualRoot,
  virtualNet,
} from 'rxzt/testing'

interface PromisedNet extends AsyncDisposable {
  readonly scheduler: VirtualTimeScheduler
  readonly now: number
  segment(o?: {
    latency?: number
    jitter?: number
    loss?: number
    duplicate?: number
    reorder?: number
    mtu?: number
    bandwidth?: number
  }): Segment
  nat(kind: 'full-cone' | 'restricted' | 'port-restricted' | 'symmetric'): Segment
  root(): Promise<VirtualRoot>
  controller(): Promise<VirtualController>
  node(o?: NodeOptions & { on?: Segment }): Promise<ZtNode>
  partition(a: Segment, b: Segment): () => void
  advance(ms: number): Promise<void>
  until<T>(p: Promise<T>, limitMs?: number): Promise<T>
  readonly wire$: Observable<{ data: Uint8Array; from: Endpoint; at: number }>
}

export const net: PromisedNet = virtualNet({ seed: 1 })
export const identities: readonly string[] = fixtures.identities
export const capture: (o?: {
  linkType?: 'ethernet' | 'udp'
}) => OperatorFunction<FrameTrace | PacketTrace, Uint8Array> = pcapng
export const writer: PcapngWriter = pcapngWriter()
export const recorded: (scenario: (net: VirtualNet) => Promise<void>, o?: { seed?: number }) => Promise<Play> = record
export const replayed: (file: Uint8Array, scenario: (net: VirtualNet) => Promise<void>) => Promise<Play> = replay
export const rates = (network: Network, node: ZtNode): readonly Observable<Counts>[] => [
  statsDelta$(network, 1_000),
  statsDelta$(() => node.stats.vl1, 1_000),
]
