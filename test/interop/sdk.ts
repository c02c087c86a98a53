import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineProgram } from './line-program.ts'
import type { Testbed } from './testbed.ts'

/** Where the native SDK's example programs are. */
const folder = process.env['RXZT_LIBZT'] ?? ''
export const able = process.getuid?.() === 0 && existsSync(join(folder, 'client'))

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A program of the native SDK, or our port of it. */
export type SdkMake = 'sdk' | 'port'

/** What programs of either make say. */
export const SAYS: Readonly<Record<SdkMake, Readonly<Record<'online' | 'address' | 'read' | 'sent', RegExp>>>> = {
  sdk: {
    online: /\(node ID\) is (\w+)/,
    address: /address on network \w+ is (\S+)|IP address: (\S+)|ping me at (\S+)/,
    read: /^Read (\d+) bytes: (.*)|recv\(\d+, \.\.\.\)=(\d+)/,
    sent: /^Sent (\d+) bytes|send\(\)=(\d+)/,
  },
  port: {
    online: /^node (\w+) is online/,
    address: /^address on \w+: (\S+)/,
    read: /^read (\d+) bytes(?:: (.*))?/,
    sent: /^sent (\d+) bytes/,
  },
}
/** The groups that took part. */
export const groups = (match: RegExpExecArray): readonly string[] => match.slice(1).filter((one) => one !== undefined)

/** One of the programs on a host of its own; it knows no planet but that of the testbed, or the one given. */
export const example = (
  bed: Testbed,
  make: SdkMake,
  host: string,
  name: string,
  args: readonly string[],
  planet: Uint8Array = Buffer.from(bed.planetHex, 'hex'),
): LineProgram => {
  const { segment } = bed
  if (!segment.has(host)) segment.host(host)
  const home = segment.home(host)
  mkdirSync(home, { recursive: true })
  // those with a storage path look for it there; the others are told, and those of C are linked so that they listen
  const file = join(home, 'roots')
  writeFileSync(file, planet)
  const command: readonly [string, ...string[]] =
    make === 'sdk' ? [join(folder, name)] : [process.execPath, '--import', 'tsx', `examples/zts/${name}.ts`]
  // one of those of C keeps its files where it is started
  const cwd = make === 'sdk' ? home : root
  return started(new LineProgram(segment, host, [...command, ...args], { env: { RXZT_PLANET: file }, cwd }))
}

const running: LineProgram[] = []
export const started = (program: LineProgram): LineProgram => {
  running.push(program)
  return program
}
/** Ends what was started, whatever came of the test. */
export const endStarted = async (): Promise<void> => {
  for (const program of running.splice(0)) await program.kill()
}
