import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { eventually, type Segment } from './namespaces.ts'

/** `at` in ms since the epoch. */
interface Line {
  readonly text: string
  readonly at: number
}

/** A program on a host whose lines are read while it runs. */
export class LineProgram {
  readonly lines: Line[] = []
  /** When it was started, in ms since the epoch. */
  readonly startedAt = Date.now()
  readonly #child: ChildProcess
  readonly #name: string
  readonly #ended: Promise<number | null>

  constructor(
    segment: Segment,
    host: string,
    [command, ...args]: readonly [string, ...string[]],
    { env = {}, cwd }: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
  ) {
    this.#name = `${command.split('/').pop()} on ${host}`
    // a C program holds back what it says to a pipe, unless it is told not to
    const child = spawn('ip', ['netns', 'exec', segment.ns(host), 'stdbuf', '-oL', command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      cwd,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (text) => this.lines.push({ text, at: Date.now() }))
    this.#ended = new Promise((resolve) => child.once('exit', resolve))
  }

  get text(): string {
    return this.lines.map(({ text }) => text).join('\n')
  }

  /** The first line that matches, and the ms from the start to it. */
  async line(pattern: RegExp, ms = 120_000): Promise<{ readonly match: RegExpExecArray; readonly ms: number }> {
    const found = await eventually(
      `${this.#name} says ${pattern}`,
      () => this.lines.find(({ text }) => pattern.test(text)) ?? this.text,
      (line) => typeof line !== 'string',
      ms,
    )
    const { text, at } = found as Line
    return { match: pattern.exec(text)!, ms: at - this.startedAt }
  }

  /** Its exit code, once it has ended by itself. */
  ended(): Promise<number | null> {
    return this.#ended
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
