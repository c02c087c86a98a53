import type { Via } from '../datagram.ts'
import { encode } from '../kernel/codec.ts'
import type { Address, NetworkId } from '../kernel/id.ts'
import { error, errorAuthenticationRequired, errorCode, errorNetwork } from '../verb/error.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER } from '../vl1-io.ts'
import { printAuthentication } from './authentication.ts'
import type { ControllerTurn, HostedMember } from './controller-state.ts'

/** Whom an answer goes to; without a packet ID and another node's address it is an answer to this node itself. */
export interface Asker {
  readonly network: NetworkId
  readonly address: Address
  readonly packetId: bigint | undefined
  readonly via: Via | undefined
}

/** ERROR to a request, or to nothing in particular (`packetId` undefined): members believe their controller anyway. */
export const refuse = (t: ControllerTurn, to: Asker, code: number): void => {
  if (to.address === t.config.self.address) {
    t.outputs.push({ _tag: 'Refused', network: to.network, error: code })
    return
  }
  const detail =
    code === errorCode.authenticationRequired
      ? encode(errorAuthenticationRequired, { network: to.network, dictionary: NO_LOGIN })
      : encode(errorNetwork, { network: to.network })
  const body = encode(error, { inReVerb: verbCode.networkConfigRequest, inReId: to.packetId ?? 0n, code, detail })
  const data = new Uint8Array(HEADER + body.length)
  data.set(body, HEADER)
  t.packets.push({ to: to.address, verb: verbCode.error, data, ...(to.via === undefined ? {} : { via: to.via }) })
}

/** Nobody asked, and it is told all the same. */
export const unasked = ({ network, address }: HostedMember): Asker => ({
  network: network.id,
  address,
  packetId: undefined,
  via: undefined,
})

/** There is no log-in service behind this controller; deployed nodes ignore an empty URL (§20.19). */
const NO_LOGIN = printAuthentication({ version: 0, url: '' })
