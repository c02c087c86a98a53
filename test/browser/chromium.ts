import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { bundleForBrowser, root } from './bundle.ts'
import type { Report } from './report.ts'

/** Serves the page and the vectors on loopback, opens a headless browser there, and waits for what the page tells. */
export const reportOf = async (browser: string): Promise<Report> => {
  const { outputFiles } = await bundleForBrowser('test/browser/page.ts', ['test/browser/buffer.ts'])
  const script = outputFiles[0]!.contents
  let told: (body: string) => void = () => undefined
  const report = new Promise<string>((resolve) => {
    told = resolve
  })
  const pages: Readonly<Record<string, Page>> = {
    '/': () => ['text/html', '<!doctype html><meta charset=utf-8><script type=module src=/page.js></script>'],
    '/page.js': () => ['text/javascript', script],
  }
  const server = createServer(async (request: IncomingMessage, response) => {
    const url = request.url ?? '/'
    if (url === '/report') told(await text(request))
    const page = pages[url] ?? vectorsAt(url)
    const [type, body] = page?.() ?? ['text/plain', '']
    response.writeHead(page === undefined && url !== '/report' ? 404 : 200, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
  ]
  const child = spawn(browser, [...flags, `http://127.0.0.1:${port}/`], { stdio: 'ignore' })
  const over = new Promise<void>((resolve) => child.on('exit', () => resolve()).on('error', () => resolve()))
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${browser} ended with ${code}`)))
  })
  try {
    const answer = JSON.parse(await Promise.race([report, ended])) as Report | { readonly error: string }
    if ('error' in answer) throw new Error(answer.error)
    return answer
  } finally {
    ended.catch(() => undefined)
    server.close()
    server.closeAllConnections()
    // it ends its own processes before itself, which would write into the profile for a while yet
    child.kill('SIGTERM')
    await over
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

type Page = () => readonly [type: string, body: string | Uint8Array]

const vectorsAt = (url: string): Page | undefined => {
  const [, name] = /^\/vectors\/(\w+)\.json$/.exec(url) ?? []
  const file = ['vl1', 'vl2'].map((level) => `${root}test/vectors/${level}/${name}.json`).find(existsSync)
  return file === undefined ? undefined : () => ['application/json', readFileSync(file)]
}
