import { expect, it } from 'vitest'
import { createNodeOn } from '../../src/api/create-node.ts'
import { nodePlatform } from '../../src/api/platform-node.ts'
import { udpLink } from '../../src/node.ts'
import { parseDictionary, text } from '../../src/protocol/network/dictionary.ts'
import type { ConfigRequest } from '../../src/protocol/vl2-io.ts'
import { systemName } from '../../src/streams/io/system-name.ts'
import { fixtures } from '../../src/testing.node.ts'

/** What a node says of its system when it asks for the configuration of a network, here to its own controller. */
const told = async (node: Awaited<ReturnType<ReturnType<typeof createNodeOn>>>): Promise<string | undefined> => {
  const requests: ConfigRequest[] = []
  node.running.attach({
    request: (request) => void requests.push(request),
    traced: () => undefined,
    issued: () => false,
  })
  node.join(`${node.id}000001`, { timeout: 60_000 }).catch(() => undefined)
  await node.close()
  return text(parseDictionary(requests[0]!.metadata), 'o', 64)
}

it('controllers are told the system a node runs on', async () => {
  const node = await createNodeOn(nodePlatform)({
    identity: fixtures.identities[0]!,
    link: udpLink({ address: '127.0.0.1' }),
  })
  expect(await told(node)).toBe(systemName())
})
