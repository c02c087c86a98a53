/** What TCP of one stack did so far, beside segments in and out. */
export interface TcpCounts {
  /** Connections that were opened from here, and those that listeners accepted. */
  activeOpens: number
  passiveOpens: number
  /** Attempts to connect that failed, and connections that ended by a reset, a timeout or the loss of their address. */
  failedOpens: number
  failed: number
  cookiesSent: number
  cookiesAccepted: number
  /** Segments that carried anything for another time; of these as tail loss probes; and how often the timer rang. */
  retransmits: number
  tailProbes: number
  timeouts: number
  /** Recoveries that proved needless and were taken back. */
  undone: number
  /** Segments that came ahead of their turn, and those that had been here before. */
  outOfOrder: number
  duplicates: number
  challenges: number
}

export const tcpCounts = (): TcpCounts => ({
  ...{ activeOpens: 0, passiveOpens: 0, failedOpens: 0, failed: 0, cookiesSent: 0, cookiesAccepted: 0 },
  ...{ retransmits: 0, tailProbes: 0, timeouts: 0, undone: 0, outOfOrder: 0, duplicates: 0, challenges: 0 },
})
