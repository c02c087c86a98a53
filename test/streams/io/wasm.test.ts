import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestCrypto, fastChecksum } from '../../../src/streams/io/crypto-fast.ts'
import { assemble, call, signed, unsigned } from '../../../src/streams/io/wasm/emitter.ts'
import { hasWasmSimd, wasmCrypto } from '../../../src/streams/io/wasm/instance.ts'
import { i32 } from '../../../src/streams/io/wasm/instructions.ts'
import { PAGES } from '../../../src/streams/io/wasm/layout.ts'
import { moduleSource } from '../../../src/streams/io/wasm/module.ts'

describe('the crypto module', () => {
  it('is checked in as its sources assemble it (else: npm run wasm)', () => {
    const file = new URL('../../../src/streams/io/wasm/module.generated.ts', import.meta.url)
    expect(moduleSource()).toBe(readFileSync(file, 'utf8'))
  })
  it('runs here, has all its memory from the start, and is what a node uses', () => {
    expect(hasWasmSimd()).toBe(true)
    expect(wasmCrypto().bytes.length).toBe(PAGES * 0x10000)
    expect(wasmCrypto()).toBe(wasmCrypto())
    expect(bestCrypto().name).toBe('fast')
  })
})

describe('the checksum', () => {
  const slow = (data: Uint8Array): number => {
    let sum = 0
    for (let i = 0; i < data.length; i++) sum += i % 2 === 0 ? data[i]! << 8 : data[i]!
    while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
    return sum
  }
  it('is the sum of RFC 1071 for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1500 }), (data) => fastChecksum(data) === slow(data)))
  })
  it('does not overflow', () => {
    for (const length of [65_535, 262_144, 600_001]) {
      const data = new Uint8Array(length).fill(0xff)
      expect(fastChecksum(data)).toBe(slow(data))
    }
  })
})

describe('the assembler', () => {
  it('writes LEB128 as the format wants it', () => {
    expect([unsigned(0), unsigned(127), unsigned(128), unsigned(624485)]).toEqual([
      [0],
      [127],
      [0x80, 1],
      [0xe5, 0x8e, 0x26],
    ])
    expect([signed(0n), signed(63n), signed(64n), signed(-1n), signed(-123456n)]).toEqual([
      [0],
      [63],
      [0xc0, 0],
      [0x7f],
      [0xc0, 0xbb, 0x78],
    ])
  })
  it('makes modules whose routines call each other by name', () => {
    const bytes = assemble(
      [
        { name: 'nine', params: ['i32'], result: 'i32', body: ([x]) => call('plus', x!.get, i32.const(9)) },
        { name: 'plus', params: ['i32', 'i32'], result: 'i32', body: ([a, b]) => i32.add(a!.get, b!.get) },
      ],
      1,
    )
    const { nine } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { nine: (x: number) => number }
    expect(nine(-3)).toBe(6)
  })
  it('refuses a call to nobody', () => {
    expect(() => assemble([{ name: 'a', params: [], body: () => call('b') }], 1)).toThrow('no routine b')
  })
})
