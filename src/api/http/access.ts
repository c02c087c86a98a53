import { parseIp, samePrefix } from '../../protocol/kernel/ip.ts'
import { parsePrefix } from '../../protocol/network/controller-post.ts'
import { sameToken } from '../../streams/io/auth-token.ts'
import type { HttpHead } from '../../streams/io/http-server.ts'

export interface Keys {
  readonly token: string
  /** Opens `/metrics` alone, from anywhere. */
  readonly metricsToken: string | undefined
  /** Prefixes besides loopback that may ask. */
  readonly allowedFrom: readonly string[]
}

/** Who may ask what (`docs/protocol/vl2.md` §16.1): loopback or a listed address, and the token. */
export const mayAsk = (head: HttpHead, { token, metricsToken, allowedFrom }: Keys): boolean => {
  const shown = tokenOf(head)
  if (head.path === '/metrics') {
    const isMetrics = metricsToken !== undefined && sameToken(shown, metricsToken)
    return sameToken(shown, token) || isMetrics
  }
  if (!isNear(head.from, allowedFrom)) return false
  return OPEN.has(head.path) || sameToken(shown, token)
}

/** The first place where a token is, even an empty one, is the one that counts. */
const tokenOf = ({ header, query }: HttpHead): string => {
  const bearer = /^Bearer (.*)$/.exec(header('authorization') ?? '')?.[1]
  return header('x-zt1-auth') ?? query.get('auth') ?? bearer ?? ''
}

const isNear = (from: string, allowedFrom: readonly string[]): boolean => {
  const ip = parseIp(from)
  if (ip === undefined) return false
  return [...LOOPBACK, ...allowedFrom].some((text) => {
    // an address alone is one host, not everybody
    const prefix = parsePrefix(text.includes('/') ? text : `${text}/${8 * ip.length}`)
    return prefix !== undefined && samePrefix(prefix.ip, ip, prefix.bits)
  })
}

const OPEN = new Set(['/health'])
const LOOPBACK = ['127.0.0.0/8', '::1/128']
