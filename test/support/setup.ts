import fc from 'fast-check'

/** The same cases in every run; another seed by hand finds others: RXZT_SEED=7 npx vitest run. */
fc.configureGlobal({ seed: Number(process.env['RXZT_SEED'] ?? 1) })
