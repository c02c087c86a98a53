/**
 * A domain name as keys and questions have it: lower case, no dot at the end. `undefined` if it is none: empty or
 * longer labels than 63, more than 253 characters in all, or characters that no host name has (RFC 1123 §2.1, and `_`).
 */
export const domainName = (text: string): string | undefined => {
  const name = text.toLowerCase().replace(/\.$/, '')
  return name.length <= LONGEST && HOST_NAME.test(name) ? name : undefined
}

/** Whether `name` is `domain` or below it; both as `domainName` gives them. */
export const isWithin = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`)

const LONGEST = 253
const HOST_NAME = /^(?!-)[a-z\d_-]{1,63}(?<!-)(?:\.(?!-)[a-z\d_-]{1,63}(?<!-))*$/
