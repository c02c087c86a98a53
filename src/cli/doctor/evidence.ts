import type { Endpoint } from '../../protocol/datagram.ts'

/*
 * What an examination has seen, without a judgement. Judging it is `diagnose`, which is a function of this alone: what is
 * not in here can be no reason. All times in ms.
 */
export interface Evidence {
  /** Why the node did not start, or ended: the codes and messages of the errors. */
  readonly ends: readonly { readonly code: string; readonly message: string }[]
  /** Absent if there is none, because it did not start. */
  readonly node?: NodeEvidence
  /** Places that were knocked at by UDP, when no root answered. */
  readonly knocks: readonly Knocked[]
  /** How far this machine's clock is ahead of others. */
  readonly clocks: readonly ClockEvidence[]
  readonly networks: readonly NetworkEvidence[]
  readonly host?: HostEvidence
}

export interface NodeEvidence {
  readonly id: string
  readonly online: boolean
  /** Where it is bound. */
  readonly endpoints: readonly Endpoint[]
  /** Where others see it. */
  readonly surfaces: readonly Endpoint[]
  /** The ID is absent where a service told it as a number too large for JSON. */
  readonly planet: { readonly id?: string; readonly isPublic: boolean }
  readonly roots: readonly RootEvidence[]
  /** Authentic packets that came straight from anybody. */
  readonly heard: number
}
export interface RootEvidence {
  readonly id: string
  readonly endpoints: readonly Endpoint[]
  readonly link: Way
  readonly latency?: number
}
/** How a peer is reached; `tcp` is by the TCP relay, `unknown` is a peer nobody told of. */
export type Way = 'direct' | 'relay' | 'tcp' | 'unreachable' | 'unknown'

export interface Knocked {
  /** A root of the planet, or anything else that answers to UDP. */
  readonly at: 'root' | 'elsewhere'
  readonly place: string
  readonly reply: Reply
}
/**
 * `refused`: the host is there, and nobody listens; `forbidden`: this machine does not let it out; `unreachable`: there is
 * no route; `silent`: nothing came back.
 */
export type Reply = 'answered' | 'refused' | 'forbidden' | 'unreachable' | 'silent'

export interface ClockEvidence {
  readonly by: string
  readonly ahead: number
}

export interface NetworkEvidence {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly addresses: readonly string[]
  readonly controller: { readonly id: string; readonly way: Way }
  /** Name servers that the controller pushes, if it does; `answers` is `undefined` where they were not asked. */
  readonly dns?: { readonly domain: string; readonly servers: readonly string[]; readonly answers: boolean | undefined }
}

/** A member that the user named. */
export interface HostEvidence {
  readonly network: string
  readonly host: string
  /** Why its name has no address: the code of the error. */
  readonly unresolved?: { readonly code: string; readonly message: string }
  readonly address?: string
  readonly node?: string
  readonly way?: Way
  /** Why not directly, as the node says. */
  readonly reason?: string
  /** Of the last echo that came back. */
  readonly rtt?: number
  /** Bytes of the largest IP packet on the physical network that came through, and of the smallest that did not. */
  readonly passes?: number
  readonly vanishes?: number
}
