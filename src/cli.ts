#!/usr/bin/env node
import { processIo } from './cli/process-io.ts'
/** The program `rxzt`. */
import { run } from './cli/run.ts'

const io = processIo(new URL('../package.json', import.meta.url))
const code = await run(process.argv.slice(2), io)
// a command that is done is done, whatever its input still waits for; what it said gets out first
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
