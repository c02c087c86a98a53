import { describe, expect, it } from 'vitest'
import { decode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { MAX_PATHS, peerRecord } from '../../../src/protocol/peer/peer-record.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

const identity = { address: address(0x8056c2e21c), publicKey: new Uint8Array(64).fill(0x11) }
const said = `028056c2e21c00${'11'.repeat(64)}00000c0001000e0001`
const value = { identity, protocol: 12, major: 1, minor: 14, revision: 1, endpoints: [] }

describe('a peer record', () => {
  itIsACodec(
    peerRecord,
    [
      { says: 'a peer without paths', value, bytes: `${said}0000` },
      {
        says: 'a peer with a path',
        value: { ...value, endpoints: [{ address: '10.0.0.9', port: 9993 }] },
        bytes: `${said}0001040a0000092709`,
      },
    ],
    [
      { field: 'peer record format', bytes: `01${said.slice(2)}0000` },
      { field: 'number of paths', bytes: `${said}${(MAX_PATHS + 1).toString(16).padStart(4, '0')}` },
    ],
  )

  it('passes over paths that are no addresses', () => {
    expect(decode(peerRecord, unhex(`${said}000100`))).toEqual(E.right(value))
  })
})
