import { describe, expect, it } from 'vitest'
import { address } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { newNode } from '../../../src/protocol/peer/node.ts'
import { MOST_PATHS, pathFor, pathsTo, pathTable, sweepPaths } from '../../../src/protocol/peer/path.ts'
import { addPeer, MOST_CACHED, MOST_PEERS, peerOf } from '../../../src/protocol/peer/peer-table.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { identityOf, makeWorld, rootAt } from '../vl1-world.ts'

const planet = makeWorld('planet', 7n, 1_000n, [rootAt(identityOf('zr'), '10.0.0.1/9993')])
const node = () =>
  newNode({ identity: identityOf('za'), crypto: nobleCrypto, random: seededRandom(1), planet, knownPeers: [] })
const someone = (n: number) => ({ address: address(n), publicKey: new Uint8Array(64).fill(n) })

describe('the table of peers', () => {
  it('keeps the first identity of an address', () => {
    const it = node()
    addPeer(it, someone(5))
    expect(addPeer(it, { ...someone(5), publicKey: new Uint8Array(64) }).identity).toEqual(someone(5))
  })

  it('is bounded: who has been silent for longest goes, and is remembered as a record', () => {
    const it = node()
    it.now = 1_000
    for (let i = 1; i <= MOST_PEERS; i++) addPeer(it, someone(i))
    it.peers.get(address(1))!.lastReceive = 2_000
    it.peers.get(address(2))!.upstream = true
    addPeer(it, someone(MOST_PEERS + 1))
    expect(it.peers.size).toBe(MOST_PEERS)
    expect([1, 2, 3].map((n) => it.peers.has(address(n)))).toEqual([true, true, false])
    expect(it.news.filter((one) => one._tag === 'Forget')).toHaveLength(1)
    expect(it.cache.size).toBeLessThanOrEqual(MOST_CACHED)
    expect(peerOf(it, address(3))?.address).toBe(3)
  })
})

describe('the table of paths', () => {
  it('gives the same path for the same socket and endpoint', () => {
    const table = pathTable()
    const path = pathFor(table, { address: '10.0.0.1', port: 1 }, 0)
    expect(pathFor(table, { address: '10.0.0.1', port: 1 }, 0)).toBe(path)
    expect(pathFor(table, { address: '10.0.0.1', port: 1 }, 1)).not.toBe(path)
    expect(pathFor(table, { address: '10.0.0.1', port: 2 }, 0)).not.toBe(path)
    expect(pathsTo(table, { address: '10.0.0.1', port: 1 }).map(({ socket }) => socket)).toEqual([0, 1])
  })

  it('is bounded, and forgets what nobody refers to', () => {
    const table = pathTable()
    const kept = pathFor(table, { address: '10.0.0.1', port: 1 }, 0)
    for (let i = 0; i < MOST_PATHS + 99; i++) pathFor(table, { address: `10.1.${i >> 8}.${i & 255}`, port: 1 }, 0)
    expect(table.size).toBe(MOST_PATHS)
    sweepPaths(table, new Set([kept]), 1_000)
    expect(table.size).toBe(1)
    expect(pathFor(table, { address: '10.0.0.1', port: 1 }, 0)).toBe(kept)
  })
})
