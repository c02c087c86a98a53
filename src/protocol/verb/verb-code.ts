/** The numbers of the verbs (`docs/protocol/vl1.md`, verbs): five bits; 0x0f, 0x11 and 0x17 to 0x1f are not assigned. */
export const verbCode = {
  nop: 0x00,
  hello: 0x01,
  error: 0x02,
  ok: 0x03,
  whois: 0x04,
  rendezvous: 0x05,
  frame: 0x06,
  extFrame: 0x07,
  echo: 0x08,
  multicastLike: 0x09,
  networkCredentials: 0x0a,
  networkConfigRequest: 0x0b,
  networkConfig: 0x0c,
  multicastGather: 0x0d,
  multicastFrame: 0x0e,
  pushDirectPaths: 0x10,
  ack: 0x12,
  qosMeasurement: 0x13,
  userMessage: 0x14,
  remoteTrace: 0x15,
  pathNegotiationRequest: 0x16,
} as const

export type VerbName = keyof typeof verbCode

/** `undefined` for a number that is not assigned. */
export const verbName = (code: number): VerbName | undefined => names.get(code)

const names: ReadonlyMap<number, VerbName> = new Map(
  (Object.keys(verbCode) as VerbName[]).map((name) => [verbCode[name], name]),
)
