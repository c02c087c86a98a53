import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endStarted } from './sdk.ts'
import { able as hasNative, type Make } from './testbed.ts'
import { EXPECTED, writePage } from './traffic-page.ts'
import { NEAR, PORT } from './traffic-ports.ts'
import { RXZT, TrafficScene } from './traffic-scene.ts'
import { servers, whereIs } from './traffic-servers.ts'

const isBuilt = existsSync(RXZT[1])
if (!isBuilt) console.log('skipped: npm run build comes first')
const able = process.getuid?.() === 0 && isBuilt
const MAKES: readonly Make[] = hasNative ? ['ours', 'native'] : ['ours']
/** Says which of the programs is not installed. */
const lack = (...names: readonly string[]): boolean => {
  const missing = able ? names.filter((name) => whereIs(name) === undefined) : names
  if (able && missing.length > 0) console.log(`skipped: no ${missing.join(', no ')} (see docs/interop.md)`)
  return missing.length > 0
}
const without = {
  curl: lack('curl'),
  chromium: lack('chromium'),
  ssh: lack('ssh', 'sshd', 'ssh-keygen'),
  postgres: lack('psql', 'postgres', 'initdb'),
  redis: lack('redis-server', 'redis-cli', 'redis-benchmark'),
  iperf: lack('iperf3'),
}

/** What people do with the commands that carry traffic, with the programs that they do it with. */
describe.skipIf(!able)('rxzt between real clients and real servers', { timeout: 300_000 }, () => {
  describe.each(MAKES)('with a root, a controller and a far end of make "%s"', (make) => {
    let scene: TrafficScene
    let far: ReturnType<typeof servers>
    const folder = mkdtempSync(join(tmpdir(), 'rxzt-traffic-'))
    const site = join(folder, 'site')
    const file = (name: string): string => join(folder, name)
    const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')
    const near = (command: string, ...args: readonly string[]): Promise<string> =>
      scene.near(whereIs(command) ?? command, ...args)
    const curl = (...args: readonly string[]): Promise<string> => near('curl', '-sS', '-m', '60', ...args)
    const tell = (what: string): void => console.log(`[${make}] ${what}`)

    beforeAll(async () => {
      chmodSync(folder, 0o755)
      writePage(site)
      writeFileSync(join(site, 'text.txt'), 'from afar\n')
      writeFileSync(join(site, 'random.bin'), randomBytes(8 * 1024 * 1024))
      scene = await TrafficScene.open(make)
      far = servers(scene, folder)
      await far.datagrams()
      await scene.expose(site)
      await scene.offer()
    }, 180_000)
    afterAll(async () => {
      await endStarted()
      await scene.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    })

    it('join waits to be let in by hand, and tells the addresses of both families', () => {
      expect(scene.joined).toMatch(/^waiting: authorise node/)
      expect(scene.joined).toMatch(/^200 join OK \S+/m)
      const addresses = /^200 join OK (\S+)/m.exec(scene.joined)![1]!.split(',')
      expect(addresses.toSorted()).toEqual([`${scene.nearIp4}/24`, expect.stringMatching(/^fd.*\/88$/)])
    })

    it('ping and trace reach the far end', async () => {
      const ping = scene.rxzt('near', 'ping', scene.network, scene.ip4, '-c', '5')
      expect(await ping.ended()).toBe(0)
      expect(ping.text).toContain('5 packets transmitted, 5 received')
      const trace = scene.rxzt('near', 'trace', scene.network, scene.ip4)
      expect(await trace.ended()).toBe(0)
      expect(trace.text).toContain('5 of 5 answered')
    })

    it.runIf(make === 'native' && !without.curl)('a native member pings and curls what serve shows', async () => {
      const serve = scene.rxzt('near', 'serve', scene.network, site, '-p', '8000')
      await serve.line(/^http:\/\/10/)
      const { segment } = scene.bed
      expect(await segment.exec('far', 'ping', '-n', '-c', '5', '-i', '0.2', scene.nearIp4)).toContain('5 received')
      expect(await segment.exec('far', 'curl', '-sS', `http://${scene.nearIp4}:8000/text.txt`)).toBe('from afar\n')
    })

    it.skipIf(without.curl)('curl by SOCKS5: by address of either family, and by name', async () => {
      const socks = ['--socks5-hostname', `127.0.0.1:${NEAR.socks}`]
      // the name is one that the name server of the network knows
      for (const host of [scene.ip4, `[${scene.ip6}]`, scene.name])
        expect(await curl(...socks, `http://${host}/text.txt`), host).toBe('from afar\n')
      await curl(...socks, '-o', file('by-socks'), `http://${scene.ip4}/random.bin`)
      expect(digest(readFileSync(file('by-socks')))).toBe(digest(readFileSync(join(site, 'random.bin'))))
      await expect(curl(...socks, `http://${scene.ip4}:${NEAR.closed}/`)).rejects.toThrow(/SOCKS5.*\(5\)/)
      await expect(curl(...socks, 'http://nobody.lab.test/')).rejects.toThrow(/SOCKS5.*\(4\)/)
    })

    it.skipIf(without.curl)('curl by HTTP: plain and by CONNECT, by address and by name', async () => {
      const proxy = ['-x', `http://127.0.0.1:${NEAR.http}`]
      for (const tunnel of [[], ['-p']])
        for (const host of [scene.ip4, scene.name])
          expect(await curl(...proxy, ...tunnel, `http://${host}/text.txt`), host).toBe('from afar\n')
      await curl(...proxy, '-p', '-o', file('by-http'), `http://${scene.ip4}/random.bin`)
      expect(digest(readFileSync(file('by-http')))).toBe(digest(readFileSync(join(site, 'random.bin'))))
      const refused = ['-o', '/dev/null', '-w', '%{http_code}', `http://${scene.ip4}:${NEAR.closed}/`]
      expect(await curl(...proxy, ...refused)).toBe('502')
    })

    it('datagrams by SOCKS5 come back from where they were sent to, by address and by name', async () => {
      const client = fileURLToPath(new URL('./traffic-socks.ts', import.meta.url))
      const by = (host: string): Promise<string> =>
        near(process.execPath, '--import', 'tsx', client, `${NEAR.socks}`, host, `${PORT.echo}`)
      const answers = Array.from({ length: 10 }, (_, i) => `${scene.ip4}:${PORT.echo} datagram ${i}`)
      for (const host of [scene.ip4, scene.name]) expect(JSON.parse(await by(host)), host).toEqual(answers)
    })

    it.skipIf(without.chromium)('chromium by SOCKS5 shows a page with all that it is made of', async () => {
      const proxy = `--proxy-server=socks5://127.0.0.1:${NEAR.socks}`
      const dump = ['--virtual-time-budget=60000', '--dump-dom', `http://${scene.name}/`]
      const began = performance.now()
      const dom = await near('chromium', ...HEADLESS, `--user-data-dir=${file('profile')}`, proxy, ...dump)
      tell(`chromium shows a page with ${EXPECTED.images} images after ${Math.round(performance.now() - began)} ms`)
      const [, seen] = /<title>seen (.*)<\/title>/.exec(dom) ?? [dom, '"nothing"']
      expect(JSON.parse(seen!)).toEqual(EXPECTED)
    })

    it.skipIf(without.ssh)('ssh by nc: a command, its input, its output and its exit code', async () => {
      const { options, user } = await far.ssh()
      const proxy = `${RXZT.join(' ')} nc -D ${scene.bed.segment.home('near')} ${scene.network} %h %p`
      const ssh = (command: string): string =>
        ['ssh', ...options, '-o', `ProxyCommand='${proxy}'`, `${user}@${scene.ip4}`, `'${command}'`].join(' ')
      const sent = randomBytes(4 * 1024 * 1024)
      writeFileSync(file('sent'), sent)
      await near('sh', '-c', `${ssh('cat')} < ${file('sent')} > ${file('got')}`)
      expect(digest(readFileSync(file('got')))).toBe(digest(sent))
      expect(await near('sh', '-c', `${ssh('echo said; exit 7')}; echo $?`)).toBe('said\n7\n')
    })

    it.skipIf(without.postgres)('psql by forward: a table, 10 000 rows, and all of them back', async () => {
      await far.postgres('lab')
      const rows = Array.from({ length: 10_000 }, (_, i) => `${i}\trow ${i} ${'x'.repeat(i % 100)}`)
      const values = rows.map((row) => `(${row.replace('\t', ", '")}')`)
      const statements = ['create table t (n int, text text)', `insert into t values ${values.join(',\n')}`]
      writeFileSync(file('rows.sql'), `${statements.join(';\n')};\n`)
      const to = ['-h', '127.0.0.1', '-p', `${NEAR.postgres}`, '-U', 'lab', '-d', 'postgres']
      const psql = (...args: readonly string[]): Promise<string> => near('psql', ...to, ...BARE, ...args)
      expect(await psql('-f', file('rows.sql'))).toBe('')
      expect(await psql('-c', 'select count(*), sum(n) from t')).toBe('10000|49995000\n')
      expect(await psql('-c', 'copy (select * from t order by n) to stdout')).toBe(`${rows.join('\n')}\n`)
    })

    it.skipIf(without.redis)('redis-cli and redis-benchmark by forward', async () => {
      await far.redis()
      const at = ['-h', '127.0.0.1', '-p', `${NEAR.redis}`]
      writeFileSync(file('value'), randomBytes(1_000_000).toString('base64'))
      await near('sh', '-c', `redis-cli ${at.join(' ')} -x set large < ${file('value')}`)
      expect((await near('redis-cli', ...at, 'get', 'large')).trim()).toBe(readFileSync(file('value'), 'utf8'))
      const csv = await near('redis-benchmark', ...at, '-n', '2000', '-c', '20', '-t', 'set,get', '--csv')
      const rates = [...csv.matchAll(/^"(SET|GET)","([\d.]+)"/gm)].map(([, name, rate]) => `${name} ${rate}/s`)
      expect(rates).toHaveLength(2)
      tell(`redis-benchmark: ${rates.join(', ')}`)
    })

    it.skipIf(without.iperf)('iperf3 by forward, both ways', async () => {
      await far.iperf()
      for (const way of [[], ['-R']]) {
        const json = await near('iperf3', '-c', '127.0.0.1', '-p', `${NEAR.iperf}`, '-t', '4', '-J', ...way)
        const { sum_received: received } = JSON.parse(json).end
        expect(received.bytes).toBeGreaterThan(0)
        tell(`iperf3 ${way.join('')}: ${(received.bits_per_second / 1e6).toFixed(1)} Mbit/s`)
      }
    })
  })
})

/** Of Chromium: without a window, as root, and nothing but what it is asked for. */
const HEADLESS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
]
/** Of psql: bare values, and the first error ends it. */
const BARE = ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1']
