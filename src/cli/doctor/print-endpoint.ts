import type { Endpoint } from '../../protocol/datagram.ts'

/** As people write a place: `192.0.2.1:9993`, `[2001:db8::1]:9993`. */
export const printEndpoint = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** The first of many. */
export const printSome = (places: readonly Endpoint[]): string => {
  const shown = places.slice(0, MOST_SHOWN).map(printEndpoint).join(', ')
  return places.length > MOST_SHOWN ? `${shown} …` : shown
}

const MOST_SHOWN = 4
