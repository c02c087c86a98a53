const source = (file: string): string => new URL(`./src/${file}`, import.meta.url).pathname

/** Tests import the package by its name, as users do, and get its sources. */
export const alias = [
  { find: /^rxzt$/, replacement: source('index.node.ts') },
  { find: /^rxzt\/(node|pcap|central)$/, replacement: source('$1.ts') },
  { find: /^rxzt\/(controller|testing|zts)$/, replacement: source('$1.node.ts') },
]
