import { describe, expect, it } from 'vitest'
import { diagnose } from '../../../src/cli/doctor/diagnose.ts'
import { lookAtService } from '../../../src/cli/doctor/look-at-service.ts'
import type { Probes } from '../../../src/cli/doctor/probes.ts'

const path = { address: '198.51.100.1/9993', active: true, expired: false, preferred: true }
const root = { address: '8086218187', role: 'PLANET', latency: 12, paths: [path], tunneled: false }
const network = { id: '8056c2e21c000001', name: 'office', status: 'OK', assignedAddresses: ['10.20.0.15/24'] }
const controller = { address: '8056c2e21c', role: 'LEAF', latency: 20, paths: [path] }
const status = {
  address: '1a02b166b2',
  online: true,
  planetWorldId: 149_604_618,
  config: { settings: { listeningOn: ['192.0.2.7/9993'], surfaceAddresses: ['203.0.113.5/9993'] } },
}
interface Answers {
  readonly status?: object
  readonly peers?: readonly object[]
  readonly networks?: readonly object[]
}
/** A native service, as far as it is asked. */
const looked = (answers: Answers, networks: readonly string[] = []) => {
  const pages: Readonly<Record<string, unknown>> = {
    '/status': { ...status, ...answers.status },
    '/peer': answers.peers ?? [root, controller],
    '/network': answers.networks ?? [network],
  }
  const probes: Omit<Probes, 'start'> = {
    knock: async () => 'refused',
    elsewhere: async () => [],
    clocks: async () => [],
  }
  return lookAtService({ get: async (page) => pages[page] }, undefined, probes, { networks })
}
const causes = async (answers: Answers, networks?: readonly string[]) =>
  diagnose(await looked(answers, networks)).map(({ cause }) => cause)

describe('the node of a service, by its HTTP API', () => {
  it('is well', async () => {
    const evidence = await looked({})
    expect(evidence).toMatchObject({
      node: {
        ...{
          id: '1a02b166b2',
          online: true,
          planet: { isPublic: true },
          endpoints: [{ address: '192.0.2.7', port: 9993 }],
        },
        roots: [{ id: '8086218187', link: 'direct', latency: 12 }],
      },
      networks: [{ status: 'ready', addresses: ['10.20.0.15/24'], controller: { way: 'direct' } }],
    })
    expect(diagnose(evidence)).toEqual([])
  })

  it.each([
    ['ACCESS_DENIED', 'not-authorised'],
    ['NOT_FOUND', 'wrong-network'],
    ['REQUESTING_CONFIGURATION', 'controller-silent'],
    ['CLIENT_TOO_OLD', 'too-old'],
    ['AUTHENTICATION_REQUIRED', 'login-required'],
  ])('%s is %s', async (status, cause) => {
    expect(await causes({ networks: [{ ...network, status, assignedAddresses: [] }] })).toEqual([cause])
  })

  it('is in a network without an address', async () => {
    expect(await causes({ networks: [{ ...network, assignedAddresses: [] }] })).toEqual(['no-virtual-address'])
  })

  it('is not in the network that was asked for', async () => {
    expect(await causes({}, ['8056c2e21c000002'])).toEqual(['not-joined'])
  })

  it('wants a controller that nobody knows', async () => {
    const networks = [{ ...network, status: 'REQUESTING_CONFIGURATION' }]
    expect(await causes({ networks, peers: [root] })).toEqual(['wrong-network'])
  })

  it('is offline, and at the place of its root nobody listens', async () => {
    expect(
      await causes({ status: { online: false }, peers: [{ ...root, paths: [{ ...path, expired: true }] }] }),
    ).toEqual(['wrong-planet'])
  })
})
