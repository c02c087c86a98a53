import { chmod, type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Replaces a file by a whole one: readers see the old or the new, whenever the process dies. With `durable` the same
 * holds for the machine, and the new one is on the disk when this resolves. `draft` is a name of its own in that folder.
 */
export const replaceFile = async (path: string, draft: string, value: Uint8Array, durable: boolean): Promise<void> => {
  try {
    const file = await open(draft, 'wx', durable ? 0o600 : 0o644)
    try {
      await file.writeFile(value)
      // before the rename: a name that is there after a power failure must not lead to half a file
      if (durable) await file.sync()
    } finally {
      await file.close()
    }
    if (durable) await chmod(draft, 0o600)
    await rename(draft, path)
    if (durable) await syncFolder(dirname(path))
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw cause
  }
}

export const removeFile = async (path: string, durable: boolean): Promise<void> => {
  await rm(path, { force: true })
  if (durable) await syncFolder(dirname(path))
}

/** Makes what was created, renamed or deleted in a folder last. Windows cannot, and keeps names by itself. */
export const syncFolder = async (path: string): Promise<void> => {
  let folder: FileHandle | undefined
  try {
    folder = await open(path, 'r')
    await folder.sync()
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && CANNOT.has(String(cause.code)))) throw cause
  } finally {
    await folder?.close()
  }
}

/** What is said of folders that cannot be opened or synced, and where there is none. */
const CANNOT = new Set(['EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'ENOTSUP', 'ENOENT'])
