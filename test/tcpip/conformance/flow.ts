import type { AnsweringPeer } from './answering-peer.ts'

/**
 * A conversation that a script names by its label: for TCP a pair of ports and of first sequence numbers, for other
 * sockets just the socket. Numbers in scripts count from the first sequence numbers, and from zero time.
 */
export interface Flow {
  readonly label: string
  id: number | undefined
  peerPort: number
  localPort: number | undefined
  /** The first sequence number of the stack, known once it has spoken. */
  ours: number | undefined
  readonly theirs: number
  /** Sequence number of the last SYN of the stack. */
  lastSyn: number | undefined
  /** Where the peer's timestamps and ours begin; `undefined`: not in use. */
  tsBase: number | undefined
  tsOn: boolean
  /** The last timestamp the stack sent, as ms since the case began. */
  tsSeen: number
  /** The end of what the stack sent. */
  next: number
  /** Who answers for the script, if anybody. */
  peer: AnsweringPeer | undefined
  /** Bytes written by the program, and handed to it. */
  written: number
  read: number
}

export const flow = (label: string): Flow => ({
  label,
  id: undefined,
  peerPort: /^\d+$/.test(label) ? Number(label) : 0,
  localPort: undefined,
  ours: undefined,
  theirs: PEER_ISN,
  lastSyn: undefined,
  tsBase: undefined,
  tsOn: false,
  tsSeen: 0,
  next: 0,
  peer: undefined,
  written: 0,
  read: 0,
})

/** The byte at a place of any stream: what arrives elsewhere, twice or altered is seen. */
export const byteAt = (at: number): number => (at * 131 + (at >>> 8) * 7 + (at >>> 16)) & 0xff
export const stream = (from: number, length: number): Uint8Array => {
  const b = new Uint8Array(length)
  for (let i = 0; i < length; i++) b[i] = byteAt(from + i)
  return b
}

/** Near the end of the sequence space, so that every longer case crosses it. */
const PEER_ISN = 4_294_960_000 | 0
