import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { fail } from './failure.ts'

/** A file that the user named. */
export const readBytes = async (path: string): Promise<Uint8Array> => {
  try {
    const found = await stat(path)
    if (found.isFile() && found.size > MOST_READ)
      fail(`${path} has ${found.size} bytes, too many for what is expected there`, 'check the path')
    return await readFile(path)
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    return fail(`${path} cannot be read (${cause.code})`, cause.code === 'EACCES' ? RIGHTS : 'check the path', {
      cause,
    })
  }
}

export const readText = async (path: string): Promise<string> => new TextDecoder().decode(await readBytes(path))

/** A planet that the user named. */
export const readPlanet = async (path: string): Promise<Uint8Array> => {
  const bytes = await readBytes(path)
  const [{ world }, { decode }, { explain }] = await Promise.all([
    import('../protocol/world/world.ts'),
    import('../protocol/kernel/codec.ts'),
    import('../protocol/kernel/error.ts'),
  ])
  const parsed = decode(world, bytes)
  if (parsed._tag === 'Right' && parsed.right.type === 'planet') return bytes
  const why = parsed._tag === 'Left' ? explain(parsed.left) : 'it is a moon'
  return fail(`${path} is no planet: ${why}`, 'name the `planet` of a root, or what `rxzt planet create` wrote')
}

/** A file that does not exist yet: nothing is written over. Secrets are their owner's alone. */
export const writeNew = async (path: string, content: Uint8Array | string, secret = false): Promise<void> => {
  try {
    const file = await open(path, 'wx', secret ? 0o600 : 0o644)
    try {
      await file.writeFile(content)
      await file.sync()
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    fail(
      cause.code === 'EEXIST' ? `${path} exists already` : `${path} cannot be written (${cause.code})`,
      cause.code === 'EEXIST'
        ? 'nothing is written over: choose another name, or move it away'
        : cause.code === 'EACCES'
          ? RIGHTS
          : 'choose another place',
      { cause },
    )
  }
}

export interface NewFile {
  readonly path: string
  readonly content: Uint8Array | string
  /** Its owner's alone. */
  readonly secret?: boolean
}

/** Files that belong together: all of them are there in the end, or none is new. */
export const writeAllNew = async (files: readonly NewFile[]): Promise<void> => {
  const written: string[] = []
  try {
    for (const { path, content, secret } of files) {
      await writeNew(path, content, secret)
      written.push(path)
    }
  } catch (error) {
    await Promise.all(written.map((path) => rm(path, { force: true })))
    throw error
  }
}

/** A file that can be made again at any time: whole, or as it was. */
export const writeOver = async (path: string, content: Uint8Array): Promise<void> => {
  const draft = `${path}.${process.pid}.tmp`
  await writeNew(draft, content)
  try {
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    fail(`${path} cannot be written (${isSystemError(cause) ? cause.code : String(cause)})`, 'choose another place', {
      cause,
    })
  }
}

/** Before work whose result would have no place. */
export const refuseExisting = async (path: string): Promise<void> => {
  if ((await stat(path).catch(() => undefined)) !== undefined)
    fail(`${path} exists already`, 'nothing is written over: choose another name, or move it away')
}

export const isSystemError = (error: unknown): error is NodeJS.ErrnoException & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'

const RIGHTS = 'run as the user who owns it, or change its rights'
/** Identities, planets, moons and rules are some KB. */
const MOST_READ = 64 * 1024 * 1024
