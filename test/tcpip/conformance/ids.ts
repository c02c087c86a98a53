/** The named cases, by group: letter, and how many there are. */
const groups: Readonly<Record<string, number>> = {
  /** Handshake */ H: 23,
  /** Teardown */ T: 16,
  /** TIME-WAIT */ W: 9,
  /** Retransmission and its timer */ X: 12,
  /** SACK */ K: 12,
  /** RACK and tail loss probes */ R: 12,
  /** Congestion */ C: 14,
  /** Windows */ N: 18,
  /** Attacks, resets and challenges */ A: 18,
  /** Malformed packets */ M: 19,
  /** Reassembly */ F: 14,
  /** ICMP and path MTU */ P: 12,
  /** Keepalive */ L: 5,
  /** Neighbours, routes, multicast */ G: 20,
  /** DNS */ D: 7,
}
export const ids: readonly string[] = Object.entries(groups).flatMap(([group, count]) =>
  Array.from({ length: count }, (_, i) => `${group}${String(i + 1).padStart(2, '0')}`),
)

/** Cases without a script. Must be empty; a case never leaves the set silently. */
export const pending: readonly string[] = []
