import { describe } from 'vitest'
import { mac } from '../../src/protocol/kernel/id.ts'
import { ethernet } from '../../src/tcpip/ethernet.ts'
import { itIsACodec } from '../support/codec-laws.ts'

describe('an Ethernet frame', () => {
  itIsACodec(ethernet, [
    {
      says: 'an IPv4 frame',
      value: {
        to: mac(0x0102_0304_0506),
        from: mac(0xa0b0_c0d0_e0f0),
        etherType: 0x0800,
        payload: Uint8Array.of(1, 2),
      },
      bytes: '010203040506a0b0c0d0e0f008000102',
      needs: 14,
    },
    {
      says: 'an empty frame of another type',
      value: { to: mac(0xffff_ffff_ffff), from: mac(0), etherType: 0x8100, payload: new Uint8Array(0) },
      bytes: 'ffffffffffff0000000000008100',
      needs: 14,
    },
  ])
})
