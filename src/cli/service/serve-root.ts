import { mkdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createPlanet, createRoot } from '../../controller.node.ts'
import { generateIdentity, parseIdentity } from '../../index.node.ts'
import { parseEndpoint } from '../../protocol/peer/endpoint.ts'
import type { Call } from '../command.ts'
import { fail, misuse } from '../failure.ts'
import { isSystemError, readPlanet, readText, writeNew } from '../file.ts'
import { newPlanetId, signedInto } from '../tool/signing-key.ts'
import { runService } from './serve-node.ts'
import type { ServiceOptions } from './service-options.ts'

export interface RootOptions extends ServiceOptions {
  readonly planetKey?: string
  readonly endpoint?: readonly string[]
}

/** Runs a root on the planet of its home directory, which it makes first if it is told how. */
export const serveRoot = async (call: Call<RootOptions>): Promise<undefined> => {
  const { home, planetKey, endpoint } = call.options
  const path = join(home, 'planet')
  const has = await stat(path).then(
    () => true,
    () => false,
  )
  if (!has && planetKey === undefined)
    fail(`${home} has no planet`, 'put the planet that names this root there, or make one: --planet-key and --endpoint')
  if (has && (planetKey !== undefined || endpoint !== undefined))
    misuse(
      `${home} has a planet already`,
      'leave --planet-key and --endpoint out; `rxzt planet create` makes revisions',
    )
  if (planetKey !== undefined) await makePlanet(call, path, planetKey, endpoint ?? [])
  const planet = await readPlanet(path)
  return runService(call, (link) => createRoot({ planet, store: home, link }), home, [])
}

const makePlanet = async (
  { options, out, io }: Call<RootOptions>,
  path: string,
  key: string,
  places: readonly string[],
): Promise<void> => {
  const { home } = options
  if (places.length === 0) misuse('nobody would know where this root is', 'say it: --endpoint 192.0.2.1/9993')
  const endpoints = places.map(
    (text) =>
      parseEndpoint(text) ?? misuse(`"${text}" is no place of a root`, 'write address and UDP port, as 192.0.2.1/9993'),
  )
  const made: string[] = []
  try {
    if (await madeHome(home)) made.push(home)
    const identity = await identityIn(home, made, async () => {
      out.progress('making an identity')
      const fresh = await generateIdentity({ signal: io.interrupted() })
      out.progress('')
      return fresh
    })
    const spec = { id: newPlanetId(), timestamp: BigInt(Date.now()), roots: [{ identity, endpoints }] }
    await signedInto(path, key, (signingKey) => createPlanet({ ...spec, signingKey }))
  } catch (error) {
    // what did not come about leaves nothing behind; others may have put something into the home meanwhile
    for (const one of made.reverse()) await (one === home ? rmdir(one) : rm(one)).catch(() => undefined)
    throw error
  }
  out.note(`${path} names this root: give it to every node`)
}

/** Whether it had to be made. */
const madeHome = (home: string): Promise<boolean> =>
  mkdir(home, { mode: 0o700 }).then(
    () => true,
    (cause: unknown) => {
      if (isSystemError(cause) && cause.code === 'EEXIST') return false
      return fail(
        `${home} cannot be made (${isSystemError(cause) ? cause.code : String(cause)})`,
        'choose another home with -D',
        { cause },
      )
    },
  )

/** The public text of the home's identity, which is made if there is none; the files that it is in are added to `made`. */
const identityIn = async (
  home: string,
  made: string[],
  make: () => Promise<Awaited<ReturnType<typeof generateIdentity>>>,
): Promise<string> => {
  const secretFile = join(home, 'identity.secret')
  const publicFile = join(home, 'identity.public')
  const found = await readText(secretFile).catch(() => undefined)
  if (found !== undefined) return parseIdentity(found).public
  const identity = await make()
  await writeNew(secretFile, identity.exportSecret(), true)
  made.push(secretFile)
  await writeNew(publicFile, identity.public)
  made.push(publicFile)
  return identity.public
}
