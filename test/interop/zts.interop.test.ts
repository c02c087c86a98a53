import { sixPlane } from 'rxzt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decode, encode } from '../../src/protocol/kernel/codec.ts'
import { world } from '../../src/protocol/world/world.ts'
import { LineProgram } from './line-program.ts'
import { eventually } from './namespaces.ts'
import { ip4, type Member, type OurMember } from './network-member.ts'
import { able, endStarted, example, groups, SAYS, type SdkMake, started } from './sdk.ts'
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
describe.skipIf(!able)('the programs of the SDK and their ports', { timeout: 400_000 }, () => {
  describe.each(MAKES)('with a root and a controller of make "%s"', (make) => {
    let bed: Testbed
    let network: string
    let ours: OurMember
    /** Who pings: ours and, where it is installed, a native node. */
    let members: readonly Member[]
    let hosts = 0
    const host = (): string => `h${hosts++}`
    /** The SDK looks for its multicast groups, and so for questions after its address, every 5 s only. */
    const answers = async (to: string, make: SdkMake): Promise<void> => {
      for (const member of members) {
        await eventually(
          `a ${make} answers ${member.make}`,
          () => member.ping(to, 1),
          (answered) => answered > 0,
        )
        expect(await member.ping(to, 5), `${make}, asked by ${member.make}`).toBe(5)
      }
    }
    const tell = (what: string, ms: number): void => console.log(`[${make}] ${what}: ${ms.toFixed(0)} ms`)

    beforeAll(async () => {
      bed = await Testbed.open(make)
      network = bed.create('10.161.0', { private: false })
      ours = await bed.ours('x')
      members = make === 'native' ? [ours, await bed.native('y')] : [ours]
      for (const member of members) await member.join(network, 2)
    })
    afterEach(endStarted)
    afterAll(() => bed.close())

    it.each(PAIRS)('client of make "%s", server of make "%s"', async (clientMake, serverMake) => {
      const [a, b] = [host(), host()]
      const server = example(bed, serverMake, b, 'server', [bed.segment.home(b), network, '0.0.0.0', '4000'])
      const { match, ms } = await server.line(SAYS[serverMake].address)
      const online = await server.line(SAYS[serverMake].online)
      tell(`${serverMake} server: start to online`, online.ms)
      tell(`${serverMake} server: online to address`, ms - online.ms)
      const to = groups(match)[0]!
      const client = example(bed, clientMake, a, 'client', [bed.segment.home(a), network, to, '4000'])
      const addressed = await client.line(SAYS[clientMake].address)
      const answered = await client.line(SAYS[clientMake].read)
      tell(`${clientMake} client of ${serverMake}: address to answer`, answered.ms - addressed.ms)
      expect(groups(answered.match)).toEqual([`${MESSAGE.length}`, MESSAGE])
      expect(groups((await server.line(SAYS[serverMake].read)).match)).toEqual([`${MESSAGE.length}`, MESSAGE])
      expect(await client.ended()).toBe(0)
    })

    it.each(PAIRS.slice(0, 2))('client of make "%s", server of make "%s" over IPv6', async (clientMake, serverMake) => {
      const [a, b] = [host(), host()]
      const server = example(bed, serverMake, b, 'server', [bed.segment.home(b), network, '::', '4000'])
      const [to] = groups((await server.line(SAYS[serverMake].address)).match)
      expect(to).toMatch(/^fd.*:.*:/i)
      const client = example(bed, clientMake, a, 'client', [bed.segment.home(a), network, to!, '4000'])
      expect(groups((await client.line(SAYS[clientMake].read)).match)).toEqual([`${MESSAGE.length}`, MESSAGE])
      expect(await client.ended()).toBe(0)
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
    })

    it.each(['pingable-node', 'statistics', 'callbackapi'])('%s of either make answers pings', async (name) => {
      for (const make of ['sdk', 'port'] as const) {
        const program = example(bed, make, host(), name, [network])
        const [to] = groups((await program.line(SAYS[make].address)).match)
        await answers(to!, make)
        // the SDK counts nothing, whatever it was built with
        if (name === 'statistics') await program.line(make === 'sdk' ? /^no results/ : /^icmp4 +tx [1-9]/)
        if (name === 'callbackapi') expect(program.text).toMatch(/online/i)
      }
    })

    it('nodes of either make are in the same network without a controller', async () => {
      const id = 'ff0fa00fa1000000'
      for (const member of members) await member.join(id, 1)
      for (const make of ['sdk', 'port'] as const) {
        const program = example(bed, make, host(), 'adhoc', ['4000', '4001'])
        const [node] = groups((await program.line(SAYS[make].online)).match)
        await program.line(/ping6? me at/)
        await answers(sixPlane(id, node!), make)
      }
      for (const member of members) await member.join(network, 2)
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
      }
    })

    it('a planet signed by the port of customroots serves nodes of either make', async () => {
      const root = bed.identities['root']!.public
      const at = `${bed.segment.address('r')}/9993`
      const signer = example(bed, 'port', host(), 'customroots', [root, at])
      const [hex] = groups((await signer.line(/^planet, \d+ bytes: (\w+)/)).match)
      await signer.line(SAYS.port.online)
      await signer.line(new RegExp(`^event: root ${root.slice(0, 10)}`))
      const planet = Buffer.from(hex!, 'hex')
      for (const make of ['sdk', 'port'] as const) {
        const program = example(bed, make, host(), 'nostorage', make === 'sdk' ? [] : ['new'], planet)
        await program.line(/now online|is online/)
      }
    })

    it('a planet signed by customroots of make "sdk" is read as it was meant', async () => {
      const signer = example(bed, 'sdk', host(), 'customroots', [])
      const [list] = groups((await signer.line(/^roots_data_out= (.*)/)).match)
      const bytes = Uint8Array.from(list!.split(','), Number)
      const read = decode(world, bytes)
      if (read._tag === 'Left') throw new Error(JSON.stringify(read.left))
      expect(read.right).toMatchObject({ type: 'planet', id: 149604618n, timestamp: 1567191349589n })
      expect(read.right.roots.map(({ endpoints }) => endpoints)).toEqual([
        [
          { address: '195.181.173.159', port: 9993 },
          { address: '2a02:6ea0:c024::', port: 9993 },
        ],
      ])
      expect(encode(world, read.right)).toEqual(bytes)
    })

    it('both makes of centralapi are answered by the same server', async () => {
      const token = 'q'.repeat(32)
      const serve = `const { hostedController } = await import('./examples/zts/centralapi.ts')
        hostedController('${token}').listen(8999, '127.0.0.1', () => console.log('listening'))`
      const place = host()
      bed.segment.host(place)
      const server = started(new LineProgram(bed.segment, place, [process.execPath, '--import', 'tsx', '-e', serve]))
      await server.line(/^listening/)
      for (const make of ['sdk', 'port'] as const) {
        const program = example(bed, make, place, 'centralapi', ['http://127.0.0.1:8999', token])
        await program.line(/"apiVersion": "4"/)
        await program.line(/"name": "example"/)
        // the one of C asks to read only, and is refused by the library
        await program.line(make === 'sdk' ? /^Error \(-2\)/ : /"authorized": true/)
        expect(await program.ended()).toBe(0)
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
    })
  })
})
