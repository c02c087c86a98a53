import { describe, expect, it } from 'vitest'
import { encode, writeU64 } from '../../../src/protocol/kernel/codec.ts'
import { error, errorCode } from '../../../src/protocol/verb/error.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { chunksOf, configFor, identityNamed, NETWORK } from '../../support/vl2-network.ts'
import { START, vl2Node } from '../../support/vl2-node.ts'

const [controller, za, zb, root] = [identityNamed('zc'), identityNamed('za'), identityNamed('zb'), identityNamed('zr')]

/** A member of a network, which has its configuration. */
const member = () => {
  const known = [za, zb, root, controller]
  const node = vl2Node({ crypto: nobleCrypto, self: za, known, roots: [root.address] })
  node.give({ _tag: 'Join', network: NETWORK })
  node.hear(controller, verbCode.ok, chunksOf(controller, configFor(controller, za, START), 7n, 1n)[0]!)
  node.take()
  return node
}
const refusal = (code: number, inReVerb: number = verbCode.networkConfigRequest): Uint8Array => {
  const detail = new Uint8Array(8)
  writeU64(detail, 0, NETWORK)
  return encode(error, { inReVerb, inReId: 1n, code, detail })
}

describe('an ERROR about a network, forged', () => {
  it('by a member or a root, changes nothing: only its controller refuses us', () => {
    const node = member()
    for (const liar of [zb, root])
      for (const code of [
        errorCode.notFound,
        errorCode.unsupported,
        errorCode.accessDenied,
        errorCode.authenticationRequired,
      ]) {
        node.hear(liar, verbCode.error, refusal(code))
        expect(node.take()).toEqual([
          { _tag: 'Drop', reason: 'unexpected-sender', network: NETWORK, peer: liar.address },
        ])
      }
  })

  it('about another verb, or with a code that means nothing, is ignored even from the controller', () => {
    const node = member()
    node.hear(controller, verbCode.error, refusal(errorCode.notFound, verbCode.echo))
    node.hear(controller, verbCode.error, refusal(0x7f))
    expect(node.take().filter((one) => one._tag === 'Network')).toEqual([])
  })
})
