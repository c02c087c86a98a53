import { mkdir, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createPlanet, createRoot } from '../../controller.node.ts'
import { generateIdentity, type Identity, parseIdentity } from '../../index.node.ts'
import { parseEndpoint } from '../../protocol/peer/endpoint.ts'
import type { Call } from '../command.ts'
import { fail, misuse } from '../failure.ts'
import { isSystemError, type NewFile, readPlanet, readText } from '../file.ts'
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
  const isNew = await madeHome(home)
  try {
    const { identity, files } = await identityIn(home, async () => {
      out.progress('making an identity')
      const made = await generateIdentity({ signal: io.interrupted() })
      out.progress('')
      return made
    })
    const spec = { id: newPlanetId(), timestamp: BigInt(Date.now()), roots: [{ identity, endpoints }] }
    await signedInto(path, key, (signingKey) => createPlanet({ ...spec, signingKey }), files)
  } catch (error) {
    // what did not come about leaves nothing behind, unless others have put something into the home meanwhile
    if (isNew) await rmdir(home).catch(() => undefined)
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

/** The public text of the home's identity; of a new one if there is none, with the files that it is to be in. */
const identityIn = async (
  home: string,
  make: () => Promise<Identity>,
): Promise<{ readonly identity: string; readonly files: readonly NewFile[] }> => {
  const secret = join(home, 'identity.secret')
  const found = await readText(secret).catch(() => undefined)
  if (found !== undefined) return { identity: parseIdentity(found).public, files: [] }
  const made = await make()
  return {
    identity: made.public,
    files: [
      { path: secret, content: made.exportSecret(), secret: true },
      { path: join(home, 'identity.public'), content: made.public },
    ],
  }
}
