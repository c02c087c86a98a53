import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Images of the page: a browser has six connections to a host at a time, and these make it take them all. */
export const IMAGES = 40
export const LARGE = 2 * 1024 * 1024

/** What a browser that has loaded everything finds; the page writes it where --dump-dom shows it. */
export const EXPECTED = { images: IMAGES, colour: 'rgb(1, 2, 3)', numbers: [4, 9, 93], bytes: LARGE, sum: 128 * LARGE }

/** A page that is made of a style, a script, images, and what the script fetches. */
export const writePage = (folder: string): void => {
  mkdirSync(join(folder, 'images'), { recursive: true })
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content)
  const images = Array.from({ length: IMAGES }, (_, i) => `images/${i}.svg`)
  for (const [i, name] of images.entries())
    write(name, `<svg xmlns="http://www.w3.org/2000/svg" width="${i + 1}" height="1"/>`)
  write('style.css', 'body { color: rgb(1, 2, 3) }')
  write('numbers.json', '[4, 9, 93]')
  write('large.bin', Buffer.alloc(LARGE, 128))
  write('script.js', SCRIPT)
  write(
    'index.html',
    `<!doctype html><meta charset=utf-8><title>not yet</title><link rel=stylesheet href=style.css>
${images.map((name) => `<img src=${name}>`).join('\n')}
<script src=script.js></script>`,
  )
}

const SCRIPT = `addEventListener('load', async () => {
  const widths = [...document.images].filter((image, i) => image.naturalWidth === i + 1)
  const numbers = await (await fetch('numbers.json')).json()
  const large = new Uint8Array(await (await fetch('large.bin')).arrayBuffer())
  const seen = {
    images: widths.length,
    colour: getComputedStyle(document.body).color,
    numbers,
    bytes: large.length,
    sum: large.reduce((sum, byte) => sum + byte, 0),
  }
  document.title = 'seen ' + JSON.stringify(seen)
})
`
