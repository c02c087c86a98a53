/** What a service answered, field by field: it may be of any version, so nothing is sure to be there. */
export type Fields = Readonly<Record<string, unknown>>

export const fieldsOf = (x: unknown): Fields =>
  typeof x === 'object' && x !== null && !Array.isArray(x) ? { ...x } : {}
export const listOf = (x: unknown): readonly Fields[] => (Array.isArray(x) ? x.map(fieldsOf) : [])
/** `-` stands for what is not there, as in the columns of native tools. */
export const textOf = (x: unknown): string => (typeof x === 'string' && x !== '' ? x : '-')
export const numberOf = (x: unknown, otherwise = 0): number => (typeof x === 'number' ? x : otherwise)
