/** What a browser loads, minified and gzipped, with every dependency. The sums are stated in docs/performance.md. */
const quiet = (config) => ({ ...config, logLevel: 'error' })

export default [
  { name: 'createNode', path: 'dist/index.js', import: '{ createNode }', limit: '220 kB', gzip: true, modifyEsbuildConfig: quiet },
  { name: 'virtualNet', path: 'dist/testing.js', import: '{ virtualNet }', limit: '260 kB', gzip: true, modifyEsbuildConfig: quiet },
  { name: 'central', path: 'dist/central.js', import: '{ central }', limit: '25 kB', gzip: true, modifyEsbuildConfig: quiet },
  { name: 'createZts', path: 'dist/zts.js', import: '{ createZts }', limit: '250 kB', gzip: true, modifyEsbuildConfig: quiet },
]
