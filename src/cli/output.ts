import { styleText } from 'node:util'
import type { CommandFailure } from './failure.ts'
import type { Io, Screen } from './io.ts'

export interface OutputOptions {
  /** Results as JSON, a document a line, instead of text for people. */
  readonly json: boolean
  /** `auto`: on a terminal that `NO_COLOR` does not forbid it to, or where `FORCE_COLOR` asks for it. */
  readonly color: 'auto' | 'always' | 'never'
  readonly verbose: boolean
}

type Style = Parameters<typeof styleText>[0]

/** Says what a command has to say: results on stdout, as text or as JSON lines, all else on stderr. */
export class Output {
  readonly json: boolean
  readonly verbose: boolean
  readonly #io: Io
  readonly #color: OutputOptions['color']
  #progress = ''

  constructor(io: Io, { json, color, verbose }: OutputOptions) {
    this.#io = io
    this.json = json
    this.verbose = verbose
    this.#color = color
  }

  /** One line of the result, for people; nothing with `--json`. */
  line(text: string): void {
    if (!this.json) this.#write(this.#io.stdout, text)
  }
  /** One document of the result; nothing without `--json`. 64-bit numbers are whole. */
  document(value: unknown): void {
    if (this.json) this.#write(this.#io.stdout, jsonOf(value))
  }
  /** The result both ways: `text` for people, `value` with `--json`. */
  result(value: unknown, text: string): void {
    this.line(text)
    this.document(value)
  }
  /** Columns under their headings; with `--json` a document for each row. */
  table(head: readonly string[], rows: readonly (readonly string[])[], documents: readonly unknown[]): void {
    const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)))
    const lineOf = (cells: readonly string[]): string =>
      cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ')
    this.line(this.style('bold', lineOf(head)))
    for (const row of rows) this.line(lineOf(row))
    for (const document of documents) this.document(document)
  }

  /** Something that the user should know beside the result. */
  note(text: string): void {
    this.#write(this.#io.stderr, text)
  }
  /** Something for `-v`. */
  detail(text: string): void {
    if (this.verbose) this.#write(this.#io.stderr, this.style('dim', text, this.#io.stderr))
  }
  /** What long work is at: one line that changes in place, on a terminal only. Empty when it is done. */
  progress(text: string): void {
    if (this.#io.stderr.isTTY !== true || text === this.#progress) return
    this.#io.stderr.write(`${CLEAR}${text === '' ? '' : this.style('dim', text, this.#io.stderr)}`)
    this.#progress = text
  }

  failure({ message, cure, cause }: CommandFailure): void {
    this.progress('')
    const { stderr } = this.#io
    if (this.json) this.#write(stderr, jsonOf({ error: message, cure }))
    else {
      this.#write(stderr, `${this.style('red', 'rxzt:', stderr)} ${message}`)
      this.#write(stderr, `      ${cure}`)
    }
    if (cause instanceof Error && cause.stack !== undefined) this.detail(cause.stack)
  }

  /** Coloured where `screen` shows colours. */
  style(style: Style, text: string, screen: Screen = this.#io.stdout): string {
    return this.#shows(screen) ? styleText(style, text, { validateStream: false }) : text
  }

  #shows(screen: Screen): boolean {
    const { env } = this.#io
    if (this.#color !== 'auto') return this.#color === 'always'
    if ((env['NO_COLOR'] ?? '') !== '') return false
    if ((env['FORCE_COLOR'] ?? '0') !== '0') return true
    return screen.isTTY === true && env['TERM'] !== 'dumb'
  }

  #write(screen: Screen, text: string): void {
    if (this.#progress !== '') {
      this.#io.stderr.write(CLEAR)
      this.#progress = ''
    }
    screen.write(`${text}\n`)
  }
}

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return one <= Number.MAX_SAFE_INTEGER ? Number(one) : one.toString()
    return one instanceof Map ? Object.fromEntries(one) : one
  })

const CLEAR = '\r\u001b[K'
