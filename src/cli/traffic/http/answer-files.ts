import { realpath } from 'node:fs/promises'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { sep } from 'node:path'
import { Readable } from 'node:stream'
import { type SendOptions, send } from '@fastify/send'
import { directoryPage } from './directory-page.ts'
import { entriesOf } from './entries-of.ts'

export interface FileAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly stream: Readable
}

export interface ShownFiles {
  /** Whether names that begin with a dot are shown. */
  readonly dotfiles: boolean
  /** Whether directories without an index.html are listed. */
  readonly listing: boolean
}

/**
 * Answers GET and HEAD with what is below a directory, and with nothing else: a link that leads out of it is as if it
 * were not there. Types, ranges and validation are those of `@fastify/send`.
 */
export const filesBelow = async (directory: string, { dotfiles, listing }: ShownFiles) => {
  const root = await realpath(directory)
  const isBelow = async (path: string): Promise<boolean> => {
    const real = await realpath(path).catch(() => undefined)
    return real !== undefined && (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep))
  }
  const options: SendOptions = {
    root,
    dotfiles: dotfiles ? 'allow' : 'ignore',
    onFile: async (path, found) => {
      // whoever opens a pipe waits for its writer
      if (!found.isFile() || !(await isBelow(path))) throw new NotShown()
    },
  }

  const page = async (request: IncomingMessage, path: string): Promise<FileAnswer | undefined> => {
    // without the slash at the end it is a directory to `send`, not its index
    const found = await send(request, path.replace(/\/+$/, '') || '/.', { ...options, index: false })
    found.stream.destroy()
    if (found.type !== 'directory' || !(await isBelow(found.metadata.path))) return undefined
    return html(request, 200, directoryPage(path, await entriesOf(found.metadata.path, dotfiles, isBelow)))
  }

  return async (request: IncomingMessage): Promise<FileAnswer> => {
    const { method, url = '' } = request
    if (method !== 'GET' && method !== 'HEAD') return text(request, 405, { allow: 'GET, HEAD' })
    const [path = ''] = url.split('?')
    try {
      const found = await send(request, path, options)
      if (found.type === 'directory') {
        found.stream.destroy()
        // one slash in front: two would begin the name of another host
        return text(request, 301, { location: `/${path.replace(/^\/+/, '')}/` })
      }
      if (found.type === 'error' && found.statusCode === 404 && path.endsWith('/') && listing)
        return (await page(request, path)) ?? found
      return found
    } catch (error) {
      if (error instanceof NotShown) return text(request, 404)
      throw error
    }
  }
}

/** What is there but not for members. */
class NotShown extends Error {}

const text = ({ method }: IncomingMessage, statusCode: number, headers: FileAnswer['headers'] = {}): FileAnswer => {
  const body = `${STATUS_CODES[statusCode]}\n`
  return {
    statusCode,
    headers: { ...headers, 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length },
    stream: Readable.from(method === 'HEAD' ? [] : [body]),
  }
}

const html = ({ method }: IncomingMessage, statusCode: number, body: string): FileAnswer => ({
  statusCode,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'cache-control': 'no-cache',
  },
  stream: Readable.from(method === 'HEAD' ? [] : [body]),
})
