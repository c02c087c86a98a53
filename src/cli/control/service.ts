import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Call, Option } from '../command.ts'
import { fail, misuse } from '../failure.ts'
import { isSystemError } from '../file.ts'
import { type NodeChoice, nodeOptions } from '../node-options.ts'
import { openNode } from '../open-network.ts'
import { port } from '../operand.ts'
import { type Answer, ask } from './ask.ts'
import { fieldsOf } from './json.ts'

/** How commands find the service. */
export interface ServiceChoice extends NodeChoice {
  readonly port?: number
  readonly token?: string
}

/** For commands that change a service: on a node that ends with the command they would do nothing. */
export const connectionOptions: readonly Option[] = [
  { flags: '-p, --port <port>', text: 'TCP port of the service (default: zerotier-one.port of its home)', parse: port },
  { flags: '-T, --token <token>', text: 'token of the service (default: authtoken.secret of its home)' },
]
export const serviceOptions: readonly Option[] = [...connectionOptions, ...nodeOptions]

/**
 * The HTTP API of a node, ours or native. Answers with anything but success end the command, unless `may` lists their
 * status.
 */
export interface Service extends AsyncDisposable {
  get(path: string, may?: readonly number[]): Promise<unknown>
  post(path: string, body: unknown, may?: readonly number[]): Promise<unknown>
  delete(path: string, may?: readonly number[]): Promise<unknown>
  /** Whether it is a node that lives as long as this command. */
  readonly ephemeral: boolean
}

/** The service on the home directory; with `--ephemeral` a node of the command's own that speaks the same. */
export const openService = async (call: Call<ServiceChoice>): Promise<Service> => {
  const { ephemeral, home, port: given, token } = call.options
  if (ephemeral === true) {
    const { openOwnService } = await import('./own-service.ts')
    return openOwnService(call, await openNode(call))
  }
  if (call.options.planet !== undefined || call.options.udpAddress !== undefined || call.options.udpPort !== undefined)
    misuse('--planet, --udp-port and --udp-address are of a node that this command starts', 'add --ephemeral')
  const secret = token ?? (await tokenOf(home, call.io.env['HOME'] ?? homedir()))
  return new HttpService(given ?? (await portOf(home)), secret, home, false, async () => undefined)
}

export class HttpService implements Service {
  readonly ephemeral: boolean
  readonly #port: number
  readonly #token: string
  readonly #home: string
  readonly #close: () => Promise<void>

  constructor(port: number, token: string, home: string, ephemeral: boolean, close: () => Promise<void>) {
    this.#port = port
    this.#token = token
    this.#home = home
    this.ephemeral = ephemeral
    this.#close = close
  }

  get(path: string, may?: readonly number[]): Promise<unknown> {
    return this.#ask('GET', path, undefined, may)
  }
  post(path: string, body: unknown, may?: readonly number[]): Promise<unknown> {
    return this.#ask('POST', path, JSON.stringify(body), may)
  }
  delete(path: string, may?: readonly number[]): Promise<unknown> {
    return this.#ask('DELETE', path, undefined, may)
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }

  async #ask(method: string, path: string, body: string | undefined, may: readonly number[] = []): Promise<unknown> {
    const where = `127.0.0.1:${this.#port}`
    const answer = await ask(this.#port, this.#token, method, path, body).catch((cause: unknown): never => {
      const why = isSystemError(cause) ? cause.code : cause instanceof Error ? cause.message : String(cause)
      return fail(`no service answers on ${where} (${why})`, startIt(this.#home), { cause })
    })
    if (answer.status === 401)
      fail(
        `the service on ${where} refused the token`,
        `name the home directory of that service with -D, or its token with -T`,
      )
    const found = jsonIn(answer, where)
    if ((answer.status >= 200 && answer.status < 300) || may.includes(answer.status)) return found
    const { description } = fieldsOf(found)
    const why = description === undefined ? '' : `: ${description}`
    return fail(
      `the service on ${where} answered ${method} ${path} with ${answer.status}${why}`,
      CURES[answer.status] ?? NO_CURE,
    )
  }
}

const jsonIn = ({ body }: Answer, where: string): unknown => {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch (cause) {
    return fail(`what answers on ${where} is no node: it sent no JSON`, 'name the port of the service with -p', {
      cause,
    })
  }
}

/** What native tools look for, and where. */
const tokenOf = async (home: string, userHome: string): Promise<string> => {
  const path = join(home, 'authtoken.secret')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    const copy = await readFile(join(userHome, '.zeroTierOneAuthToken'), 'utf8').catch(() => '')
    if (copy.trim() !== '' && isSystemError(cause) && cause.code === 'EACCES') return copy.trim()
    if (isSystemError(cause) && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return fail(`no service has run in ${home}: there is no authtoken.secret`, startIt(home), { cause })
    const why = isSystemError(cause) ? cause.code : String(cause)
    return fail(`${path} cannot be read (${why})`, 'run as the user of the service, or give the token with -T', {
      cause,
    })
  }
}

const portOf = async (home: string): Promise<number> => {
  const path = join(home, 'zerotier-one.port')
  const text = await readFile(path, 'utf8').catch(() => String(DEFAULT_PORT))
  const found = Number(text.trim())
  if (Number.isInteger(found) && found > 0 && found < 65_536) return found
  return fail(`${path} holds no port`, 'start the service anew, or name its port with -p')
}

/** Opens the service for as long as `use` works with it. */
export const withService = async (
  call: Call<ServiceChoice>,
  use: (service: Service) => Promise<void>,
): Promise<undefined> => {
  const service = await openService(call)
  try {
    await use(service)
  } finally {
    await service[Symbol.asyncDispose]()
  }
}

const startIt = (home: string): string => `start one with \`rxzt up -D ${home}\`, or name the home of another with -D`
const CURES: Readonly<Record<number, string>> = {
  404: 'check the ID; a node that is no controller has no networks of its own',
  503: 'the controller is still reading its records: try again',
}
const NO_CURE = 'see what the service says where it runs'
const DEFAULT_PORT = 9993
