/** What can be wrong, one name for each. Scripts may rely on them. */
export type Cause =
  | 'no-address'
  | 'port-taken'
  | 'not-started'
  | 'identity-collision'
  | 'udp-blocked'
  | 'wrong-planet'
  | 'clock'
  | 'not-joined'
  | 'not-authorised'
  | 'wrong-network'
  | 'controller-silent'
  | 'login-required'
  | 'too-old'
  | 'no-virtual-address'
  | 'dns'
  | 'host-silent'
  | 'relay-only'
  | 'mtu'

/** One line that says what is wrong, one that says what to do about it. */
export interface Finding {
  readonly cause: Cause
  readonly what: string
  readonly cure: string
}

export const finding = (cause: Cause, what: string, cure: string): Finding => ({ cause, what, cure })
