import { readFileSync } from 'node:fs'

/** The string members of an exported union type, as its source spells them. */
export const membersOfUnion = (file: string, name: string): readonly string[] => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  const [, text = ''] =
    new RegExp(`export type ${name} =([^=]*?)(?=\\n\\n|\\n(?:export|const|/\\*\\*)|$)`).exec(source) ?? []
  return [...text.matchAll(/'([^']+)'/g)].map(([, member]) => member!)
}
