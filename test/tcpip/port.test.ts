import { expect, it } from 'vitest'
import type { Ip } from '../../src/tcpip/ip-output.ts'
import { ephemeralPorts, FIRST_EPHEMERAL, LAST_EPHEMERAL } from '../../src/tcpip/port.ts'
import { siphash } from '../../src/tcpip/siphash.ts'

const ip = (last: number): Ip => ({ family: 4, bytes: Uint8Array.of(10, 0, 0, last), text: `10.0.0.${last}` })
const hash = siphash(new Uint8Array(16).fill(7))

it('gives one destination consecutive ports', () => {
  const ports = ephemeralPorts(hash)
  const first = ports.pick(ip(1), ip(2), 80, () => true)!
  const second = ports.pick(ip(1), ip(2), 80, () => true)!
  expect((second - first + 16_384) % 16_384).toBe(1)
})

it('starts elsewhere for another destination', () => {
  const ports = ephemeralPorts(hash)
  const starts = [2, 3, 4, 5].map((last) => ports.pick(ip(1), ip(last), 80, () => true))
  expect(new Set(starts).size).toBe(4)
})

it('finds the one port that is free, and says when none is (G20)', () => {
  const ports = ephemeralPorts(hash)
  expect(ports.pick(ip(1), ip(2), 80, (port) => port === LAST_EPHEMERAL)).toBe(LAST_EPHEMERAL)
  expect(ports.pick(ip(1), undefined, 0, (port) => port === FIRST_EPHEMERAL)).toBe(FIRST_EPHEMERAL)
  expect(ports.pick(ip(1), ip(2), 80, () => false)).toBeUndefined()
})
