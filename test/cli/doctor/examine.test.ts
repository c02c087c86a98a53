import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diagnose } from '../../../src/cli/doctor/diagnose.ts'
import type { Evidence, Knocked } from '../../../src/cli/doctor/evidence.ts'
import { examine, type Wanted } from '../../../src/cli/doctor/examine.ts'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import type { Probes } from '../../../src/cli/doctor/probes.ts'
import { createNode, type NodeOptions, type ZtNode } from '../../../src/index.node.ts'
import { udpLink } from '../../../src/node.ts'
import {
  fixtures,
  type VirtualController,
  type VirtualNet,
  type VirtualNodeOptions,
  virtualNet,
} from '../../../src/testing.node.ts'

let net: VirtualNet
let controller: VirtualController
let office: string
/** A member that answers echo requests. */
let member: ZtNode
let memberAddress: string

const stage = async (options: { readonly proven?: readonly string[]; readonly memberOn?: 'symmetric' } = {}) => {
  net = virtualNet({ seed: 9, proven: options.proven ?? [] })
  await net.root()
  controller = await net.controller()
  const { id } = await controller.create({
    name: 'office',
    private: true,
    v4AssignMode: { zt: true },
    routes: [{ target: '10.20.0.0/24' }],
    ipAssignmentPools: [{ ipRangeStart: '10.20.0.10', ipRangeEnd: '10.20.0.99' }],
  })
  office = id
  member = await net.node(options.memberOn === undefined ? {} : { on: net.nat(options.memberOn) })
  await controller.authorize(office, member.id)
  const joined = await net.until(member.join(office))
  memberAddress = joined.address(4)!
}
beforeEach(() => stage())
afterEach(() => net[Symbol.asyncDispose]())

interface Ill extends Partial<Probes> {
  /** Where and how the node to be examined runs. */
  readonly node?: VirtualNodeOptions
  readonly authorised?: boolean
  readonly wanted?: Partial<Wanted>
}

/** Examines one more node of the network, which the controller lets in unless told otherwise. */
const examined = async ({ node = {}, authorised = true, wanted = {}, ...probes }: Ill): Promise<Evidence> => {
  const { progress, networks = [office], ...more } = wanted
  return net.until(
    examine(
      {
        start: async () => {
          const made = await net.node({ identity: PATIENT, ...node })
          if (authorised) await controller.authorize(office, made.id)
          return made
        },
        knock: () => Promise.resolve('silent'),
        elsewhere: () => Promise.resolve([]),
        clocks: () => Promise.resolve([]),
        ...probes,
      },
      { networks, ...more },
    ),
    180_000,
  )
}
const PATIENT = fixtures.identities[10]!
const PATIENT_ID = PATIENT.slice(0, 10)
const findingsOf = async (ill: Ill): Promise<readonly Finding[]> => diagnose(await examined(ill))

const answers: readonly Knocked[] = [{ at: 'elsewhere', place: '192.0.2.53:53', reply: 'answered' }]
const silent: readonly Knocked[] = [{ at: 'elsewhere', place: '192.0.2.53:53', reply: 'silent' }]

describe('a healthy network', () => {
  it('gives nothing to say, whatever was asked for', async () => {
    const evidence = await examined({ wanted: { host: memberAddress } })
    expect(diagnose(evidence)).toEqual([])
    expect(evidence).toMatchObject({
      node: { id: PATIENT_ID, online: true, roots: [{ link: 'direct' }] },
      networks: [{ id: office, name: 'office', status: 'ready', controller: { way: 'direct' } }],
      host: { address: memberAddress, node: member.id, way: 'direct' },
    })
    expect(evidence.host).not.toHaveProperty('vanishes')
    expect(evidence.clocks.map(({ ahead }) => Math.abs(ahead) < 1_000)).toEqual([true])
  })

  it('is left as it was: the node has gone, and is in no network that it was not in before', async () => {
    let node: ZtNode | undefined
    const start = async () => {
      node = await net.node({ identity: PATIENT })
      await controller.authorize(office, node.id)
      return node
    }
    const events: string[] = []
    await examined({
      start: async () => {
        const made = await start()
        made.events$.subscribe((event) => events.push(event.type))
        return made
      },
    })
    expect(events.slice(-2)).toEqual(['network/down', 'node/down'])
    await expect(node!.closed).resolves.toBeUndefined()
  })
})

describe('ten failures', () => {
  it('no UDP out', async () => {
    const shut = net.segment({ loss: 1 })
    expect(await findingsOf({ node: { on: shut }, elsewhere: async () => silent })).toEqual([
      {
        cause: 'udp-blocked',
        what: expect.stringMatching(
          /^nothing that is sent by UDP is answered, by the roots \(100\.64\.0\.1:9993\) or anybody else$/,
        ),
        cure: expect.stringContaining('allow outgoing UDP'),
      },
    ])
  })

  it('no UDP out, and this machine says so', async () => {
    const on = net.segment({ loss: 1 })
    const forbidden = await findingsOf({ node: { on }, knock: async () => 'forbidden' })
    expect(forbidden).toMatchObject([{ cause: 'udp-blocked', cure: expect.stringContaining('nft list ruleset') }])
    const unreachable = await findingsOf({ node: { on }, knock: async () => 'unreachable' })
    expect(unreachable).toMatchObject([{ cause: 'udp-blocked', cure: expect.stringContaining('ip route') }])
  })

  it('wrong planet: at the place of its root is another', async () => {
    const other = virtualNet({ seed: 10 })
    const { planet } = await other.root({ identity: fixtures.identities[11]! })
    const found = await findingsOf({ node: { planet }, elsewhere: async () => answers })
    expect(found).toEqual([
      {
        cause: 'wrong-planet',
        what: 'no root answers (100.64.0.1:9993), though UDP gets out: 192.0.2.53:53 answered',
        cure: expect.stringMatching(/^check that planet \w{16} is the one of this network and that its roots run/),
      },
    ])
    const refused = await findingsOf({ node: { planet }, knock: async () => 'refused' })
    expect(refused).toMatchObject([{ cause: 'wrong-planet', what: expect.stringContaining('nobody listens') }])
    await other[Symbol.asyncDispose]()
  })

  it('clock off', async () => {
    const clock = net.clock()
    clock.jump(3 * 3_600_000)
    expect(await findingsOf({ node: { scheduler: clock } })).toEqual([
      {
        cause: 'clock',
        what: `this machine's clock is 3 h ahead of controller ${controller.node.id}`,
        cure: 'set it, as by `timedatectl set-ntp true`; if it is right, set the other one',
      },
    ])
  })

  it('unauthorised', async () => {
    expect(await findingsOf({ authorised: false })).toEqual([
      {
        cause: 'not-authorised',
        what: `network ${office} has not let this node in`,
        cure: `have node ${PATIENT_ID} authorised on its controller, ${controller.node.id}`,
      },
    ])
  })

  it('wrong network ID: one that its controller does not have', async () => {
    const wrong = `${office.slice(0, 15)}f`
    expect(await findingsOf({ wanted: { networks: [wrong] } })).toEqual([
      {
        cause: 'wrong-network',
        what: `controller ${controller.node.id} has no network ${wrong}`,
        cure: 'check the network ID, digit for digit, with whoever gave it to you',
      },
    ])
  })

  it('wrong network ID: one of a controller that there is not', async () => {
    const wrong = `1234567890${office.slice(10)}`
    expect(await findingsOf({ wanted: { networks: [wrong] } })).toMatchObject([
      { cause: 'wrong-network', what: expect.stringContaining('the roots know no node 1234567890') },
    ])
  })

  it('port taken, though all else is well', async () => {
    const taker = createSocket('udp4').bind(0, '127.0.0.1')
    await once(taker, 'listening')
    const { port } = taker.address()
    const start = async (anyPort: boolean): Promise<ZtNode> => {
      if (anyPort) return net.node({ identity: PATIENT })
      const options: NodeOptions = { link: udpLink({ port, address: '127.0.0.1' }), identity: fixtures.identities[12]! }
      return createNode(options)
    }
    await controller.authorize(office, PATIENT_ID)
    expect(await findingsOf({ start })).toEqual([
      {
        cause: 'port-taken',
        what: expect.stringContaining(`${port}`),
        cure: expect.stringContaining(`ss -lunp sport = :${port}`),
      },
    ])
    taker.close()
  })

  it('identity collision', async () => {
    // the address of a member that the root knows, with the keys of somebody else
    const [, , open, secret] = fixtures.identities[13]!.split(':')
    const stolen = `${member.id}:0:${open}:${secret}`
    await net[Symbol.asyncDispose]()
    await stage({ proven: [stolen] })
    expect(await findingsOf({ node: { identity: stolen } })).toEqual([
      {
        cause: 'identity-collision',
        what: `another node owns address ${member.id}`,
        cure: 'generate a new identity and have it authorised',
      },
    ])
  })

  it('relay only', async () => {
    await net[Symbol.asyncDispose]()
    await stage({ memberOn: 'symmetric' })
    const found = await findingsOf({ node: { on: net.nat('symmetric') }, wanted: { host: memberAddress } })
    expect(found).toEqual([
      {
        cause: 'relay-only',
        what: expect.stringMatching(
          `^${memberAddress} \\(node ${member.id}\\) is reached by a root alone, not directly: `,
        ),
        cure: expect.stringContaining('port 9993'),
      },
    ])
  })

  it('DNS: name servers that do not answer', async () => {
    await controller.update(office, { dns: { domain: 'office.example', servers: [memberAddress] } })
    expect(await findingsOf({})).toEqual([
      {
        cause: 'dns',
        what: `none of the name servers of network ${office} answers (${memberAddress})`,
        cure: expect.stringContaining('port 53'),
      },
    ])
  })

  it('DNS: a name, and nobody to ask', async () => {
    expect(await findingsOf({ wanted: { host: 'printer' } })).toMatchObject([
      { cause: 'dns', what: expect.stringMatching(/^printer has no address: getaddrinfo ENOTFOUND printer/) },
    ])
  })

  it('MTU: large packets vanish on the way', async () => {
    const narrow = net.segment({ latency: 1, mtu: 1_280 })
    expect(await findingsOf({ node: { on: narrow }, wanted: { host: memberAddress } })).toEqual([
      {
        cause: 'mtu',
        what: `packets of 1400 bytes vanish on the physical way to ${memberAddress}, those of 1280 bytes pass`,
        cure: expect.stringContaining('mtu 1280'),
      },
    ])
  })
})

describe('more failures', () => {
  it('a host that is not there', async () => {
    expect(await findingsOf({ wanted: { host: '10.20.0.200' } })).toMatchObject([{ cause: 'host-silent' }])
  })

  it('an address that nobody gave', async () => {
    await controller.update(office, { ipAssignmentPools: [] })
    expect(await findingsOf({})).toMatchObject([{ cause: 'no-virtual-address' }])
  })

  it('a controller that has gone', async () => {
    await net.until(controller.node.close())
    expect(await findingsOf({ authorised: false })).toMatchObject([
      { cause: 'controller-silent', what: expect.stringContaining('answers neither directly nor by the roots') },
    ])
  })

  it('a controller whose answers are too large for the way', async () => {
    const narrow = net.segment({ latency: 1, mtu: 600 })
    expect(await findingsOf({ node: { on: narrow } })).toMatchObject([
      { cause: 'controller-silent', cure: expect.stringContaining('packets of 1500 bytes') },
    ])
  })

  it('a time server that the user named and the controller agree', async () => {
    const clock = net.clock()
    clock.jump(300_000)
    const clocks = async () => [{ by: 'time.example', ahead: 300_010 }]
    const [found] = await findingsOf({ node: { scheduler: clock }, clocks })
    expect(found?.what).toBe(
      `this machine's clock is 5 min ahead of time.example, and 5 min ahead of controller ${controller.node.id}`,
    )
    const right = await findingsOf({
      node: { scheduler: clock },
      clocks: async () => [{ by: 'time.example', ahead: 3 }],
    })
    expect(right).toEqual([])
  })

  it('an interruption ends the examination and the node', async () => {
    const stop = new AbortController()
    let node: ZtNode | undefined
    const call = examined({
      wanted: { signal: stop.signal },
      node: { on: net.segment({ loss: 1 }) },
      start: async () => {
        node = await net.node({ identity: PATIENT, on: net.segment({ loss: 1 }) })
        setImmediate(() => stop.abort(new Error('enough')))
        return node
      },
    })
    await expect(call).rejects.toThrow('enough')
    await expect(node!.closed).resolves.toBeUndefined()
  })
})
