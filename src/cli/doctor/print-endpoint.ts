import type { Endpoint } from '../../protocol/datagram.ts'

/** As people write a place: `192.0.2.1:9993`, `[2001:db8::1]:9993`. */
export const printEndpoint = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
