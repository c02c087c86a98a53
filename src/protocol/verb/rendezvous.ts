import type { Endpoint } from '../datagram.ts'
import { branded, sized, struct, type TypeOf, u8, u16, u40 } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import { parseIp, printIp } from '../kernel/ip.ts'

/**
 * RENDEZVOUS (0x05): an upstream names an endpoint where `peer` may be reached, so that both sides can open a path.
 *
 *     flags[1] = 0   peer[5]   port[2]   length[1] = 4 | 16   ip[length]      (the port comes first, as nowhere else)
 *
 * Never answered with OK or ERROR. The receiver says HELLO to `ip:port`; believe it only from an upstream.
 */
export const rendezvous = struct({
  flags: u8,
  peer: branded<number, Address>(u40),
  port: u16,
  ip: sized(u8, 'ip length', new Set([4, 16])),
})
export type Rendezvous = TypeOf<typeof rendezvous>

/** The endpoint it names. */
export const endpointIn = ({ ip, port }: Rendezvous): Endpoint => ({ address: printIp(ip), port })
/** The message that names `endpoint`; `undefined` if its address is none. */
export const rendezvousAt = (peer: Address, { address, port }: Endpoint): Rendezvous | undefined => {
  const ip = parseIp(address)
  return ip === undefined ? undefined : { flags: 0, peer, port, ip }
}
