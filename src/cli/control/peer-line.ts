import { type Fields, fieldsOf, listOf, numberOf, textOf } from './json.ts'

/** What the columns of both peer lists are made of. */
export interface PeerLine {
  readonly address: string
  readonly version: string
  readonly role: string
  readonly latency: number
  readonly tunneled: boolean
  /** The path that is used, with how long ago it was last sent on and heard on in ms, −1 if never. */
  readonly path: { readonly address: string; readonly sent: number; readonly heard: number } | undefined
}

export const peerLine = (peer: unknown, now: number): PeerLine => {
  const fields = fieldsOf(peer)
  const [major, minor, revision] = ['versionMajor', 'versionMinor', 'versionRev'].map((name) =>
    numberOf(fields[name], -1),
  )
  const preferred = listOf(fields['paths']).find((path) => path['preferred'] === true)
  return {
    address: textOf(fields['address']),
    version: major === undefined || major < 0 ? '-' : `${major}.${minor}.${revision}`,
    role: textOf(fields['role']),
    latency: numberOf(fields['latency']),
    tunneled: fields['tunneled'] === true,
    path:
      preferred === undefined
        ? undefined
        : {
            address: textOf(preferred['address']),
            sent: since(preferred, 'lastSend', now),
            heard: since(preferred, 'lastReceive', now),
          },
  }
}

const since = (path: Fields, name: string, now: number): number => {
  const at = numberOf(path[name])
  return at > 0 ? now - at : -1
}
