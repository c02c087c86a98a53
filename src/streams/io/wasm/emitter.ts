/**
 * A small assembler for WebAssembly: functions written as nested arrays of bytes in, a binary module out
 * (WebAssembly Core 2.0 §5). One memory of fixed size, no tables, no imports, no globals: what crypto needs.
 */
export type Code = number | readonly Code[]
export type ValueType = 'i32' | 'i64' | 'v128'

/** A parameter or local of the function being written. */
export interface Local {
  readonly get: Code
  readonly set: (value: Code) => Code
  readonly tee: (value: Code) => Code
}

export interface Routine {
  readonly name: string
  readonly params: readonly ValueType[]
  readonly result?: ValueType
  /** Writes the body; `local` makes a fresh local, zero at entry. */
  readonly body: (params: readonly Local[], local: (type: ValueType) => Local) => Code
}

/** `pages` of 64 KB are allocated at start, and never more. All routines and the memory are exported under their names. */
export const assemble = (routines: readonly Routine[], pages: number): Uint8Array => {
  const names = routines.map((routine) => routine.name)
  const bodies = routines.map((routine) => compile(routine, names))
  const types = routines.map(({ params, result }) => [
    0x60,
    vector(params.map(typeCode)),
    vector(result === undefined ? [] : [typeCode(result)]),
  ])
  const exports = [...routines.map(({ name }, i): Code => [text(name), 0x00, unsigned(i)]), [text('memory'), 0x02, 0]]
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector(types)),
      section(3, vector(routines.map((_, i) => unsigned(i)))),
      section(5, vector([[0x01, unsigned(pages), unsigned(pages)]])),
      section(7, vector(exports)),
      section(10, vector(bodies)),
    ]),
  )
}

/** Calls a routine of the same module by name. */
export const call = (name: string, ...args: readonly Code[]): Code => [args, CALL, ...[...name].map(nameByte), CALL_END]

/** LEB128, unsigned. */
export const unsigned = (value: number): Code => {
  const bytes: number[] = []
  let left = value >>> 0
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80)
  return [...bytes, left]
}

/** LEB128, signed. */
export const signed = (value: bigint): Code => {
  const bytes: number[] = []
  let left = value
  for (;;) {
    const byte = Number(left & 0x7fn)
    left >>= 7n
    if ((left === 0n && byte < 0x40) || (left === -1n && byte >= 0x40)) return [...bytes, byte]
    bytes.push(byte | 0x80)
  }
}

const compile = (routine: Routine, names: readonly string[]): Code => {
  const locals: ValueType[] = []
  const local = (type: ValueType): Local => {
    locals.push(type)
    return at(routine.params.length + locals.length - 1)
  }
  const body = routine.body(
    routine.params.map((_, i) => at(i)),
    local,
  )
  const code = flat([vector(locals.map((type) => [1, typeCode(type)])), resolved(flat(body), names), 0x0b])
  return [unsigned(code.length), code]
}
const at = (index: number): Local => ({
  get: [0x20, unsigned(index)],
  set: (value) => [value, 0x21, unsigned(index)],
  tee: (value) => [value, 0x22, unsigned(index)],
})

/** Puts function numbers where `call` left names; its marks lie above the range of bytes. */
const resolved = (code: readonly number[], names: readonly string[]): Code => {
  const out: Code[] = []
  for (let i = 0; i < code.length; i++) {
    if (code[i] !== CALL) {
      out.push(code[i]!)
      continue
    }
    const end = code.indexOf(CALL_END, i)
    const name = String.fromCharCode(...code.slice(i + 1, end).map((mark) => mark - NAME))
    const index = names.indexOf(name)
    if (index < 0) throw new Error(`no routine ${name}`)
    out.push(0x10, unsigned(index))
    i = end
  }
  return out
}

const section = (id: number, content: Code): Code => {
  const bytes = flat(content)
  return [id, unsigned(bytes.length), bytes]
}
const vector = (items: readonly Code[]): Code => [unsigned(items.length), items]
const text = (name: string): Code => vector([...name].map((c) => c.charCodeAt(0)))
const typeCode = (type: ValueType): number => (type === 'i32' ? 0x7f : type === 'i64' ? 0x7e : 0x7b)
const nameByte = (c: string): number => NAME + c.charCodeAt(0)
const flat = (code: Code): number[] => {
  const out: number[] = []
  const walk = (part: Code): void => {
    if (typeof part === 'number') out.push(part)
    else for (const inner of part) walk(inner)
  }
  walk(code)
  return out
}
const CALL = 0x100
const CALL_END = 0x101
const NAME = 0x200
