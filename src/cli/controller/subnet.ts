import { isIPv4 } from 'node:net'
import { misuse } from '../failure.ts'

/** An IPv4 network whose addresses a controller gives to members: the fields that say so in its API. */
export const subnet = (text: string): { readonly target: string; readonly first: string; readonly last: string } => {
  const [ip = '', length = ''] = text.split('/')
  const bits = /^\d{1,2}$/.test(length) ? Number(length) : Number.NaN
  if (!isIPv4(ip) || !(bits >= 8 && bits <= 30))
    return misuse(`subnet "${text}" is not valid`, 'write an IPv4 network of /8 to /30, as 10.147.17.0/24')
  const mask = (0xffffffff << (32 - bits)) >>> 0
  const base = (ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) & mask) >>> 0
  return { target: `${print(base)}/${bits}`, first: print(base + 1), last: print(base + (~mask >>> 0) - 1) }
}

const print = (ip: number): string => [24, 16, 8, 0].map((shift) => (ip >>> shift) & 255).join('.')
