import { describe, expect, it } from 'vitest'
import { checkedBonding } from '../../src/api/bonding.ts'
import { createNode } from '../../src/index.node.ts'
import { fixtures, virtualNet } from '../../src/testing.node.ts'

describe('bonding', () => {
  it.each([
    ['balance-xor', undefined, 'not built'],
    ['balance-aware', undefined, 'not built'],
    ['fastest', undefined, 'is none'],
    ['active-backup', 100, '500 or more'],
  ])('%s at %s ms is refused', (policy, failoverInterval, word) => {
    const bonding = { policy: policy as never, ...(failoverInterval === undefined ? {} : { failoverInterval }) }
    expect(() => checkedBonding(bonding)).toThrow(
      expect.objectContaining({ code: 'ERR_ZT_INVALID_OPTION', message: expect.stringContaining(word) }),
    )
  })

  it('and a relay that is always used exclude each other', async () => {
    const tcpRelay = { mode: 'always', endpoint: { address: '192.0.2.1', port: 443 } } as const
    const options = { identity: fixtures.identities[0]!, tcpRelay, bonding: { policy: 'balance-rr' } } as const
    await expect(createNode(options)).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_OPTION' })
  })

  it('is taken by a node', async () => {
    await using net = virtualNet({ seed: 6 })
    const node = await net.node({ bonding: { policy: 'active-backup', failoverInterval: 1_000 } })
    await net.until(node.online())
  })
})
