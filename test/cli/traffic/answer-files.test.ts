import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesBelow } from '../../../src/cli/traffic/http/answer-files.ts'
import { directoryPage } from '../../../src/cli/traffic/http/directory-page.ts'

describe('the files of a directory', () => {
  let folder: string
  let root: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rxzt-files-'))
    root = join(folder, 'shown')
    for (const name of ['shown', 'shown/sub dir', 'shown/home', 'shown/.git', 'shown-too'])
      mkdirSync(join(folder, name))
    writeFileSync(join(root, 'a.txt'), 'hello')
    writeFileSync(join(root, '.secret'), 'no')
    writeFileSync(join(root, '.git/config'), 'no')
    writeFileSync(join(root, 'sub dir/<b>&.txt'), 'x'.repeat(1234))
    writeFileSync(join(root, 'home/index.html'), '<p>home')
    writeFileSync(join(folder, 'shown-too/secret.txt'), 'no')
    symlinkSync('a.txt', join(root, 'inside'))
    symlinkSync('../shown-too/secret.txt', join(root, 'outside'))
    symlinkSync('../shown-too', join(root, 'out'))
    symlinkSync('nowhere', join(root, 'dangling'))
    execFileSync('mkfifo', [join(root, 'pipe')])
    utimesSync(join(root, 'a.txt'), 0, 1_000_000_000)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const ask = async (
    url: string,
    { method = 'GET', headers = {}, dotfiles = false, listing = true, directory = root } = {},
  ) => {
    const answer = await filesBelow(directory, { dotfiles, listing })
    const request = Object.assign(new IncomingMessage(new Socket()), { method, url, headers })
    const { statusCode, headers: said, stream } = await answer(request)
    const fields = Object.fromEntries(Object.entries(said).map(([name, value]) => [name.toLowerCase(), String(value)]))
    return { status: statusCode, fields, body: await text(stream) }
  }

  it('have types, ranges and lengths, and none to HEAD', async () => {
    expect(await ask('/a.txt?x=1')).toMatchObject({
      status: 200,
      fields: { 'content-type': 'text/plain; charset=utf-8', 'content-length': '5', 'accept-ranges': 'bytes' },
      body: 'hello',
    })
    expect(await ask('/a.txt', { method: 'HEAD' })).toMatchObject({ fields: { 'content-length': '5' }, body: '' })
    const range = (range: string) => ask('/a.txt', { headers: { range } })
    expect(await range('bytes=1-2')).toMatchObject({
      status: 206,
      fields: { 'content-range': 'bytes 1-2/5' },
      body: 'el',
    })
    expect(await range('bytes=-2')).toMatchObject({ status: 206, body: 'lo' })
    expect((await range('bytes=9-')).status).toBe(416)
    const { etag } = (await ask('/a.txt')).fields
    expect((await ask('/a.txt', { headers: { 'if-none-match': etag! } })).status).toBe(304)
    expect(await ask('/a.txt', { method: 'PUT' })).toMatchObject({ status: 405, fields: { allow: 'GET, HEAD' } })
  })

  it('are listed where there is no index.html, with links, sizes and dates', async () => {
    const { status, fields, body } = await ask('/')
    expect([status, fields['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(body).toContain('<h1>Index of /</h1>')
    const rows = body.split('\n').filter((line) => line.startsWith('<tr>'))
    expect(rows.map((one) => /href="(.*?)"/.exec(one)![1])).toEqual(['./home/', './sub%20dir/', './a.txt', './inside'])
    expect(rows[2]).toContain('<td>5 B</td><td><time datetime="2001-09-09T01:46:40.000Z">2001-09-09 01:46</time></td>')
    const below = await ask('/sub%20dir/')
    expect(below.body).toContain('<a href="../">')
    expect(below.body).toContain('<a href="./%3Cb%3E%26.txt">&#60;b&#62;&#38;.txt</a></td><td>1.2 kB</td>')
    expect((await ask('/sub%20dir/%3Cb%3E%26.txt')).status).toBe(200)
    expect(await ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    expect((await ask('/home/')).body).toBe('<p>home')
    expect((await ask('/', { dotfiles: true })).body).toContain('.git')
    expect((await ask('/', { listing: false })).status).toBe(404)
  })

  it('are looked up below a directory that is named without the slash at its end', async () => {
    expect(await ask('/sub%20dir')).toMatchObject({ status: 301, fields: { location: '/sub%20dir/' } })
    expect((await ask('//home')).fields['location']).toBe('/home/')
    expect((await ask('/a.txt/')).status).toBe(404)
  })

  it.each([
    '/outside',
    '/out/',
    '/out/secret.txt',
    '/pipe',
    '/dangling',
    '/.secret',
    '/.git/',
    '/.git/config',
    '/none',
    '/none/',
  ])('do not include %s', async (url) => expect((await ask(url)).status).toBe(404))
  it.each([
    '/../shown-too/secret.txt',
    '/%2e%2e/shown-too/',
    '/..%2fshown-too%2fsecret.txt',
    '/a/%2e%2e/%2e%2e/x',
    '/a%00',
    '/%zz/',
  ])('are not left by %s', async (url) => expect([400, 403, 404]).toContain((await ask(url)).status))

  it('may be reached by a link themselves', async () => {
    expect((await ask('/secret.txt', { directory: join(root, 'out') })).body).toBe('no')
  })
})

describe('the page of a directory', () => {
  const changed = new Date(0)
  const names = (...given: readonly (readonly [name: string, size?: number])[]): readonly string[] =>
    [
      ...directoryPage('/', { entries: given.map(([name, size]) => ({ name, size, changed })), more: false }).matchAll(
        /href="(.*?)"/g,
      ),
    ].map(([, one]) => one!)

  it('has directories first, and numbers in names by their value', () => {
    expect(names(['b10', 1], ['b9', 1], ['z'], ['A', 1])).toEqual(['./z/', './A', './b9', './b10'])
  })
  it('makes no link of another kind, and no markup, of a name', () => {
    expect(names(['javascript:alert(1)', 1], ['"onclick=x', 1], ['http://x'])).toEqual([
      './http%3A%2F%2Fx/',
      './%22onclick%3Dx',
      './javascript%3Aalert(1)',
    ])
    const page = directoryPage('/%3Cscript%3E/', { entries: [], more: true })
    expect(page).not.toContain('<script>')
    expect(page).toContain('and more that are not listed')
  })
})
