import { sixPlane } from 'rxzt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './namespaces.ts'
import { ip4, type OurMember } from './network-member.ts'
import { able, example, groups, SAYS, type SdkMake } from './sdk.ts'
import { able as hasNative, type Make, Testbed } from './testbed.ts'

const MESSAGE = 'Welcome to the machine'
const PAIRS: readonly (readonly [SdkMake, SdkMake])[] = [
  ['sdk', 'port'],
  ['port', 'sdk'],
  ['sdk', 'sdk'],
  ['port', 'port'],
]
const MAKES: readonly Make[] = hasNative ? ['ours', 'native'] : ['ours']

/** The example programs of the native SDK, built elsewhere, and our ports of them; see docs/interop.md. */
describe.skipIf(!able)('the programs of the SDK and their ports', () => {
  describe.each(MAKES)('with a root and a controller of make "%s"', (make) => {
    let bed: Testbed
    let network: string
    let ours: OurMember
    let hosts = 0
    const host = (): string => `h${hosts++}`
    /** The SDK looks for its multicast groups, and so for questions after its address, every 5 s only. */
    const answers = async (to: string, make: SdkMake): Promise<void> => {
      await eventually(
        `a ${make} answers`,
        () => ours.ping(to, 1),
        (answered) => answered > 0,
      )
      expect(await ours.ping(to, 5), make).toBe(5)
    }
    const tell = (what: string, ms: number): void => console.log(`[${make}] ${what}: ${ms.toFixed(0)} ms`)

    beforeAll(async () => {
      bed = await Testbed.open(make)
      network = bed.create('10.161.0', { private: false })
      ours = await bed.ours('x')
      await ours.join(network, 2)
    })
    afterAll(() => bed.close())

    it.each(PAIRS)('client of make "%s", server of make "%s"', async (clientMake, serverMake) => {
      const [a, b] = [host(), host()]
      const server = example(bed, serverMake, b, 'server', [bed.segment.home(b), network, '0.0.0.0', '4000'])
      const { match, ms } = await server.line(SAYS[serverMake].address)
      tell(`${serverMake} server: start to address`, ms)
      const to = groups(match)[0]!
      const client = example(bed, clientMake, a, 'client', [bed.segment.home(a), network, to, '4000'])
      const addressed = await client.line(SAYS[clientMake].address)
      tell(`${clientMake} client: start to address`, addressed.ms)
      const answered = await client.line(SAYS[clientMake].read)
      tell(`${clientMake} client of ${serverMake}: address to answer`, answered.ms - addressed.ms)
      expect(groups(answered.match)).toEqual([`${MESSAGE.length}`, MESSAGE])
      expect(groups((await server.line(SAYS[serverMake].read)).match)).toEqual([`${MESSAGE.length}`, MESSAGE])
      expect(await client.ended()).toBe(0)
      await server.kill()
    })

    it.each(PAIRS)('client of make "%s" that does not block, server of make "%s"', async (clientMake, serverMake) => {
      const [a, b] = [host(), host()]
      const serverArgs = [bed.segment.home(b), network, '0.0.0.0', '4003']
      const server = example(bed, serverMake, b, 'nonblockingserver', serverArgs)
      const [to] = groups((await server.line(SAYS[serverMake].address)).match)
      const client = example(bed, clientMake, a, 'nonblockingclient', [bed.segment.home(a), network, to!, '4003'])
      const sent = await client.line(SAYS[clientMake].sent)
      expect(groups(sent.match)[0]).toBe(`${MESSAGE.length}`)
      const got = await server.line(SAYS[serverMake].read)
      expect(Number(groups(got.match)[0]) % MESSAGE.length).toBe(0)
      await client.kill()
      await server.kill()
    })

    it.each(['pingable-node', 'statistics', 'callbackapi'])('%s of either make answers pings', async (name) => {
      for (const make of ['sdk', 'port'] as const) {
        const program = example(bed, make, host(), name, [network])
        const [to] = groups((await program.line(SAYS[make].address)).match)
        await answers(to!, make)
        // the SDK counts nothing, whatever it was built with
        if (name === 'statistics') await program.line(make === 'sdk' ? /^no results/ : /^icmp4 +tx [1-9]/)
        if (name === 'callbackapi') expect(program.text).toMatch(/online/i)
        await program.kill()
      }
    })

    it('nodes of either make are in the same network without a controller', async () => {
      const id = 'ff0fa00fa1000000'
      await ours.tell({ do: 'join', network: id })
      for (const make of ['sdk', 'port'] as const) {
        const program = example(bed, make, host(), 'adhoc', ['4000', '4001'])
        const [node] = groups((await program.line(SAYS[make].online)).match)
        await program.line(/ping6? me at/)
        await answers(sixPlane(id, node!), make)
        await program.kill()
      }
      await ours.tell({ do: 'join', network })
    })

    it('nodes of either make are online without storage', async () => {
      for (const make of ['sdk', 'port'] as const) {
        const program = example(bed, make, host(), 'nostorage', make === 'sdk' ? [] : ['new'])
        await program.line(/now online|is online/)
        for (const [what, length] of [
          ['IDENTITY_SECRET|identity\\.secret', '270'],
          ['IDENTITY_PUBLIC|identity\\.public', '141'],
        ])
          expect(program.text).toMatch(new RegExp(`(${what}).*\\b${length}\\b`))
        await program.kill()
      }
    })

    it('client of make "sdk", our server; and server of make "sdk", our client', async () => {
      await ours.tell({ do: 'echo-server', port: 4001 })
      const [a, b] = [host(), host()]
      const client = example(bed, 'sdk', a, 'client', [bed.segment.home(a), network, await ip4(ours), '4001'])
      expect(groups((await client.line(SAYS.sdk.read)).match)).toEqual([`${MESSAGE.length}`, MESSAGE])
      const server = example(bed, 'sdk', b, 'server', [bed.segment.home(b), network, '0.0.0.0', '4002'])
      const [to] = groups((await server.line(SAYS.sdk.address)).match)
      expect(await ours.tell({ do: 'transfer', host: to!, port: 4002, bytes: 22 })).toMatchObject({ same: true })
      await server.kill()
      await client.kill()
    })
  })
})
