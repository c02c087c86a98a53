/**
 * A node that keeps nothing: the program gets what would be written, the secret key as well.
 * Port of nostorage.c. Run: npx tsx examples/zts/nostorage.ts
 */
import { failed, hex, type Port, program } from './stage.ts'

export const nostorage: Port = {
  usage: 'nostorage.ts new | <identity with its secret>',
  needs: 1,
  main: async (zts, [identity = 'new'], signal) => {
    zts.zts_init_set_event_handler(({ event_code, cache, len }) => {
      switch (event_code) {
        case zts.ZTS_EVENT_NODE_ONLINE:
          return console.log('event: online')
        case zts.ZTS_EVENT_STORE_IDENTITY_PUBLIC:
          return console.log(`to keep: identity.public, ${len} bytes: ${text(cache)}`)
        case zts.ZTS_EVENT_STORE_IDENTITY_SECRET:
          // zts_node_get_id_pair gives the same later
          return console.log(`to keep: identity.secret, ${len} bytes: ${text(cache)}`)
        case zts.ZTS_EVENT_STORE_PLANET:
          return console.log(`to keep: planet, ${len} bytes`)
        case zts.ZTS_EVENT_STORE_PEER:
          return console.log(`to keep: a peer, ${len} bytes`)
        case zts.ZTS_EVENT_STORE_NETWORK:
          return console.log(`to keep: a network, ${len} bytes`)
      }
    })
    if (identity !== 'new') {
      const err = zts.zts_init_from_memory(identity)
      if (err !== zts.ZTS_ERR_OK) return failed(zts, 'init from memory', err)
    }
    const err = await zts.zts_node_start()
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'start', err)
    while (!zts.zts_node_is_online() && !signal.aborted) await zts.zts_util_delay(50)
    console.log(`node ${hex(zts.zts_node_get_id(), 10)} is online`)
    while (!signal.aborted) await zts.zts_util_delay(500)
    return zts.zts_node_stop()
  },
  alone: async ({ zts, run, stop }) => {
    const ended = run('new')
    while (!zts.zts_node_is_online()) await zts.zts_util_delay(50)
    stop()
    await ended
  },
}

const text = (cache: unknown): string => Buffer.from(cache as Uint8Array).toString()

await program(import.meta.url, nostorage)
