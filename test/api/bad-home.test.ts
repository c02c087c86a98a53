import { createSocket } from 'node:dgram'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, memoryStore } from 'rxzt'
import { createTcpRelay, directoryStore, serveLocalApi, tcpRelayLink, udpLink } from 'rxzt/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADDRESS, IDENTITY, link, mixed, OPTION, publicHalf, start, table, wrong } from '../support/bad-input.ts'

describe('a home directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'rxzt-'))
  afterAll(() => rmSync(root, { recursive: true }))
  const home = (name: string, files: Readonly<Record<string, string>>): string => {
    const path = join(root, name)
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(join(path, file, '..'), { recursive: true })
      writeFileSync(join(path, file), content)
    }
    return path
  }
  const open = (store: string) => createNode({ store, link: link() })
  const UNWRITABLE = ['StoreError', 'ERR_ZT_STORE_UNWRITABLE'] as const
  const CORRUPT = ['StoreError', 'ERR_ZT_STORE_CORRUPT'] as const

  table([
    [
      'is a file',
      () => open(join(home('a', { file: '' }), 'file')),
      ...UNWRITABLE,
      /a\/file cannot be written .* — choose/,
    ],
    [
      'is under a file',
      () => open(join(home('b', { file: '' }), 'file/x')),
      ...UNWRITABLE,
      /b\/file cannot be written/,
    ],
    [
      'is in a pseudo file system',
      () => open('/proc/rxzt/home'),
      ...UNWRITABLE,
      /\/proc\/rxzt cannot be written .* — choose/,
    ],
    [
      'is in use',
      () => open(home('c', { '.lock': `${process.ppid}\n` })),
      'StoreError',
      'ERR_ZT_STORE_LOCKED',
      new RegExp(`c is in use by process ${process.ppid} — close that node`),
    ],
    [
      'has a lock that is a folder',
      () => open(home('d', { '.lock/x': '' })),
      ...UNWRITABLE,
      /\.lock cannot be written/,
    ],
    [
      'has an empty identity',
      () => open(home('e', { 'identity.secret': '' })),
      ...CORRUPT,
      /^identity.secret: is no secret/,
    ],
    [
      'has a public identity',
      () => open(home('f', { 'identity.secret': publicHalf })),
      ...CORRUPT,
      /no secret identity — restore/,
    ],
    [
      'has two halves',
      () => open(home('g', { 'identity.secret': mixed })),
      ...IDENTITY,
      /does not belong .* — restore it/,
    ],
    [
      'has a planet that is none',
      () => start({ store: home('h', { planet: 'x' }) }),
      ...CORRUPT,
      /^planet: is no planet — restore/,
    ],
    ['is no path', () => directoryStore(wrong(7)), ...OPTION, /^store 7 is not valid — pass the path of a directory/],
  ])

  it('keeps what is damaged as it was', async () => {
    const path = home('kept', { 'identity.secret': 'hello' })
    await expect(open(path)).rejects.toMatchObject({ key: { kind: 'identity.secret' } })
    expect(readFileSync(join(path, 'identity.secret'), 'utf8')).toBe('hello')
    await expect(open(path)).rejects.toMatchObject({ code: 'ERR_ZT_STORE_CORRUPT' })
  })

  it('starts with caches that are damaged, without them', async () => {
    const store = home('caches', {
      'networks.d/8056c2e21c000001.conf': 'garbage',
      'networks.d/8056c2e21c000001.local.conf': '{]',
      'networks.d/0000000000000000.conf': '',
      'networks.d/nonsense.conf': '',
      'peers.d/aaaaaaaaaa.peer': 'x',
      'moons.d/aaaaaaaaaaaaaaaa.moon': 'x',
    })
    await using node = await start({ store })
    expect(node.network('8056c2e21c000001')?.state.status).toBe('requesting')
    expect(() => node.network('0000000000000000')).toThrow(/is no network/)
  })

  const broken = (fault: Record<string, unknown>) => ({ ...memoryStore(), ...fault })
  const boom = () => Promise.reject(new Error('boom'))
  table([
    [
      'a store that cannot be opened',
      () => start({ store: broken({ open: boom }) }),
      ...CORRUPT,
      /\(boom\) — check the store/,
    ],
    [
      'a store that cannot be listed',
      () => start({ store: broken({ list: boom }) }),
      ...CORRUPT,
      /\(boom\) — check the store/,
    ],
    [
      'a store that cannot be read',
      () => createNode({ store: wrong(broken({ get: boom })), link: link() }),
      ...CORRUPT,
      /^identity.secret: the store cannot be read \(boom\) — check the store/,
    ],
    [
      'a store that gives text',
      () => createNode({ store: wrong(broken({ get: async () => 'text' })), link: link() }),
      ...CORRUPT,
      /^identity.secret: is string — get\(\) has to give a Uint8Array/,
    ],
    [
      'memory that begins with nonsense',
      () => memoryStore(wrong([7])),
      ...OPTION,
      /^initial \[7\] is not valid — pass pairs/,
    ],
  ])
})

describe('links', () => {
  const busy = createSocket('udp4')
  beforeAll(() => new Promise<void>((resolve) => busy.bind(0, '127.0.0.1', resolve)))
  afterAll(() => busy.close())

  table([
    ['no options', () => udpLink(wrong(null)), ...OPTION, /udpLink\(\) null is not valid — pass an object of port,/],
    [
      'a port that is none',
      () => udpLink({ port: 70_000 }),
      ...OPTION,
      /^port 70000 is not valid — use a UDP port, 0 to 65535/,
    ],
    [
      'a range upside down',
      () => udpLink({ portRange: [5, 1] }),
      ...OPTION,
      /^portRange \[5,1\] .* — pass \[lower, upper\]/,
    ],
    [
      'an address that is none',
      () => udpLink({ address: 'nowhere' }),
      ...ADDRESS,
      /^address "nowhere" is no IP address — write/,
    ],
    [
      'an address with a zone',
      () => udpLink({ address: 'fe80::1%eth0' }),
      ...ADDRESS,
      /"fe80::1%eth0" is no IP address/,
    ],
    ['no addresses', () => udpLink({ address: [] }), ...OPTION, /^address \[\] is not valid — pass an IP address/],
    ['a misspelled option', () => udpLink(wrong({ ports: 1 })), ...OPTION, /^ports 1 .* known are port, portRange,/],
    ['a relay without endpoint', () => tcpRelayLink(wrong({})), ...OPTION, /^endpoint undefined is not valid — pass/],
    [
      'a relay on port 0',
      () => tcpRelayLink({ endpoint: { address: '192.0.2.1', port: 0 } }),
      ...OPTION,
      /^endpoint port 0 /,
    ],
    [
      'a relay by name',
      () => tcpRelayLink({ endpoint: { address: 'relay', port: 1 } }),
      ...ADDRESS,
      /address "relay" is no IP/,
    ],
    [
      'a relay that listens nowhere',
      () => createTcpRelay({ port: 70_000 }),
      ...OPTION,
      /^port 70000 is not valid — use 0 to/,
    ],
    [
      'a relay that listens at a name',
      () => createTcpRelay({ address: 'here' }),
      ...OPTION,
      /^address "here" is not valid — pass/,
    ],
    ['the HTTP API of nobody', () => serveLocalApi(wrong({})), ...OPTION, /^node is no node of this library — pass/],
    [
      'a port in use',
      () => start({ link: udpLink({ address: '127.0.0.1', port: busy.address().port, secondary: false }) }),
      'NodeError',
      'ERR_ZT_BIND',
      /^UDP port \d+ cannot be bound on 127.0.0.1 \(EADDRINUSE\) — stop what uses it or choose another port/,
    ],
    [
      'an address of another machine',
      () => start({ link: udpLink({ address: '192.0.2.1', port: 9993 }) }),
      'NodeError',
      'ERR_ZT_BIND',
      /^UDP port 9993 cannot be bound on 192.0.2.1 \(EADDRNOTAVAIL\)/,
    ],
    [
      'no interface',
      () => start({ link: udpLink({ interfaces: () => false }) }),
      'NodeError',
      'ERR_ZT_BIND',
      /no usable network/,
    ],
  ])

  it('leaves nothing behind when a port is in use', async () => {
    const store = mkdtempSync(join(tmpdir(), 'rxzt-'))
    const busyLink = () => udpLink({ address: '127.0.0.1', port: busy.address().port, secondary: false })
    await expect(start({ store, link: busyLink() })).rejects.toMatchObject({ code: 'ERR_ZT_BIND' })
    // the directory is free again
    await (await start({ store })).close()
    rmSync(store, { recursive: true })
  })
})
