import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import type { HomeFolder } from './home-folder.ts'

/** A token in a file of the home directory, as native nodes keep it; made if there is none. @throws {StoreError} */
export const tokenIn = async (home: HomeFolder, name: 'authtoken.secret' | 'metricstoken.secret'): Promise<string> => {
  const found = (await home.read(name))?.trim()
  if (found !== undefined && found !== '') return found
  const made = newToken()
  await home.write(name, made, true)
  return made
}

export const newToken = (): string => Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')

/** How long it takes says nothing about where the two differ, or how long they are. */
export const sameToken = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

const digest = (token: string): Uint8Array => createHash('sha256').update(token).digest()
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const LENGTH = 24
