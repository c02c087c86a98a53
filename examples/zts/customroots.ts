/**
 * A planet of one's own: signs one for a root, and starts a node on it.
 * Port of customroots.c. Run: npx tsx examples/zts/customroots.ts
 */
import { filter, firstValueFrom } from 'rxjs'
import { generateIdentity } from 'rxzt'
import { createPlanet, createRoot, createSigningKey } from 'rxzt/controller'
import { udpLink } from 'rxzt/node'
import { failed, hex, type Port, program } from './stage.ts'

/** customroots.c takes that of the public planet, which is to be left to it. */
const WORLD = 1n

export const customroots: Port = {
  usage: 'customroots.ts <public identity of the root> <its address>/<its port> ...',
  needs: 2,
  main: async (zts, [root = '', ...endpoints], signal) => {
    const spec = { public_id_str: [root], endpoint_ip_str: [endpoints] }
    // a planet with this ID and a later time replaces this one; keep the keys to sign it
    const { err, roots, prevKey, currKey } = zts.zts_util_sign_root_set(null, null, WORLD, BigInt(Date.now()), spec)
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'sign', err)
    console.log(`planet, ${roots.length} bytes: ${Buffer.from(roots).toString('hex')}`)
    console.log(`keys, ${prevKey.length} and ${currKey.length} bytes`)

    const refused = zts.zts_init_set_roots(roots)
    if (refused !== zts.ZTS_ERR_OK) return failed(zts, 'set roots', refused)
    zts.zts_init_set_event_handler(({ event_code, peer }) => {
      if (peer?.role !== zts.ZTS_PEER_ROLE_PLANET) return
      if (event_code !== zts.ZTS_EVENT_PEER_DIRECT && event_code !== zts.ZTS_EVENT_PEER_RELAY) return
      const { peer_id, latency, ver_major, ver_minor, ver_rev, paths } = peer
      console.log(
        `event: root ${hex(peer_id, 10)}, version ${ver_major}.${ver_minor}.${ver_rev}, latency ${latency} ms`,
      )
      for (const { address } of paths) console.log(`  at ${address.addr}/${address.port}`)
    })
    const started = await zts.zts_node_start()
    if (started !== zts.ZTS_ERR_OK) return failed(zts, 'start', started)
    while (!zts.zts_node_is_online() && !signal.aborted) await zts.zts_util_delay(50)
    console.log(`node ${hex(zts.zts_node_get_id(), 10)} is online`)
    while (!signal.aborted) await zts.zts_util_delay(500)
    return zts.zts_node_stop()
  },
  alone: async ({ zts, run, stop }) => {
    const link = udpLink({ address: '127.0.0.1', port: 0, secondary: false })
    const [endpoint] = await firstValueFrom(link.local$.pipe(filter((sockets) => sockets.length > 0)))
    const identity = await generateIdentity()
    // what a root has of its planet need not be what its clients have
    const planet = createPlanet({
      id: WORLD,
      timestamp: BigInt(Date.now()),
      roots: [{ identity: identity.public, endpoints: [endpoint!] }],
      signingKey: createSigningKey(),
    })
    const root = await createRoot({ identity, planet, link })
    const ended = run(identity.public, `${endpoint!.address}/${endpoint!.port}`)
    while (!zts.zts_node_is_online()) await zts.zts_util_delay(50)
    stop()
    await ended
    await root.close()
  },
}

await program(import.meta.url, customroots)
