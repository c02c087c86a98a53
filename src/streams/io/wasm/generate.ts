import { writeFileSync } from 'node:fs'
import { moduleSource } from './module.ts'

/** `npm run wasm`: writes the assembled module next to this file. */
writeFileSync(new URL('module.generated.ts', import.meta.url), moduleSource())
