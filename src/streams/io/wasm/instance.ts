import { moduleBase64 } from './module.generated.ts'

/** The running module: its memory as bytes and words, and the routines (their files say what they do). */
export interface WasmCrypto {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly salsaStream: (at: number, length: number, counter: number, rounds: number) => void
  readonly poly1305: (at: number, length: number) => void
  readonly salsaSeal: (packet: number, length: number, flags: number) => void
  readonly salsaOpen: (packet: number, length: number) => number
  readonly aesKeys: (key: number, out: number) => void
  readonly aesEncrypt: (blocks: number, count: number, keys: number) => void
  readonly aesDecrypt: (blocks: number, count: number, keys: number) => void
  readonly ghashTable: () => void
  readonly sivNonces: (count: number) => void
  readonly sivInner: (count: number) => void
  readonly sivTags: (count: number) => number
  readonly sivClaims: (count: number) => number
  readonly sivCrypt: (count: number) => void
  readonly sivReveal: (count: number) => void
  readonly sivJudge: (count: number) => void
  readonly identityDigest: () => void
  readonly internetChecksum: (at: number, length: number) => number
}

/** Whether this engine has WebAssembly with fixed-width SIMD. */
export const hasWasmSimd = (): boolean => typeof WebAssembly === 'object' && WebAssembly.validate(moduleBytes())

/** The one instance of this thread, compiled at first use (about a millisecond). */
export const wasmCrypto = (): WasmCrypto => {
  running ??= instantiate()
  return running
}

/** The module in binary, for a worker to compile. */
export const moduleBytes = (): Uint8Array => new Uint8Array(Buffer.from(moduleBase64, 'base64'))

const instantiate = (): WasmCrypto => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()))
  const { memory, ...routines } = exports as Omit<WasmCrypto, 'bytes' | 'words'> & {
    readonly memory: WebAssembly.Memory
  }
  return { ...routines, bytes: new Uint8Array(memory.buffer), words: new Uint32Array(memory.buffer) }
}
let running: WasmCrypto | undefined
