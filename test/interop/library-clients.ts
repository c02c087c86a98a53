import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { AbstractConnector, Redis } from 'ioredis'
import pg from 'pg'
import type { Network } from 'rxzt'
import { createConnection } from 'rxzt/node'
import { certificate } from '../support/certificate.ts'

/** What clients of databases and of SSH do with real servers behind a virtual network, and what came of it. */
export const clients = {
  /** `secret` is the password of the user `postgres`. */
  pg: async (network: Network, host: string, secret: string) => {
    const port = 5432
    const results: unknown[] = []
    for (const ssl of [false, { ca: certificate.cert, servername: 'rxzt-test' }]) {
      const stream = () => createConnection(network, { host, port })
      const client = new pg.Client({
        host,
        port,
        user: 'postgres',
        password: secret,
        database: 'postgres',
        ssl,
        stream,
      })
      await client.connect()
      const encrypted = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
      const sum = await client.query('select sum(x)::int from (select generate_series(1, 10000) x) s')
      const rows = await client.query('select x, repeat($1, 100) from generate_series(1, 20000) x', ['r'])
      const large = 'p'.repeat(2 * 1024 * 1024)
      const echo = await client.query('select $1::text echo', [large])
      const told = once(client, 'notification')
      await client.query('listen news')
      await client.query("notify news, 'hello'")
      const [{ payload }] = await told
      results.push({
        ssl: encrypted.rows[0].ssl,
        ...{ sum: sum.rows[0].sum, rows: rows.rowCount, same: echo.rows[0].echo === large, payload },
      })
      await client.end()
    }
    return results
  },

  ioredis: async (network: Network, host: string) => {
    class Connector extends AbstractConnector {
      constructor() {
        super(2000)
      }
      override async connect() {
        this.stream = createConnection(network, { host, port: 6379 }) as unknown as typeof this.stream
        return this.stream
      }
    }
    const redis = new Redis({ Connector })
    const large = 'v'.repeat(2 * 1024 * 1024)
    await redis.set('large', large)
    const same = (await redis.get('large')) === large
    const pipeline = redis.pipeline()
    for (let i = 0; i < 1000; i++) pipeline.incr('count')
    await pipeline.exec()
    const listener = redis.duplicate()
    await listener.subscribe('news')
    const told = once(listener, 'message')
    await redis.publish('news', 'hello')
    const result = { same, count: await redis.get('count'), told: await told }
    await Promise.all([redis.quit(), listener.quit()])
    return result
  },

  /** `secret` is a private key that the server lets in as root. The package is not among the dependencies: see docs/interop.md. */
  ssh2: async (network: Network, host: string, secret: string) => {
    const name: string = 'ssh2'
    const { default: ssh2 } = await import(name)
    const client = new ssh2.Client()
    client.connect({ sock: createConnection(network, { host, port: 22 }), username: 'root', privateKey: secret })
    await once(client, 'ready')
    const run = (command: string, input: string | Buffer): Promise<string> =>
      new Promise((resolve, reject) =>
        client.exec(command, (error: Error | undefined, stream: import('node:stream').Duplex) => {
          if (error !== undefined) return reject(error)
          text(stream).then(resolve, reject)
          return stream.end(input)
        }),
      )
    const large = Buffer.alloc(2 * 1024 * 1024, 'ssh ')
    const result = {
      said: await run('echo "$SSH_CONNECTION"', ''),
      same: (await run('sha256sum', large)).startsWith(createHash('sha256').update(large).digest('hex')),
    }
    client.end()
    await once(client, 'close')
    return result
  },
} as const
