/**
 * A TCP client that sends a message now and then, on a socket that never blocks. Port of nonblockingclient.c.
 * Run: npx tsx examples/zts/nonblockingclient.ts
 */
import { enter } from './enter.ts'
import { failed, type Port, program } from './stage.ts'

const MESSAGE = Buffer.from('Welcome to the machine')

export const nonblockingclient: Port = {
  usage:
    'nonblockingclient.ts <storage path> <network> <remote address> <remote port> [longest pause in ms, default 5000]',
  needs: 4,
  main: async (zts, [path = '', network = '', remote = '', port, pause = '5000'], signal) => {
    const err = zts.zts_init_from_storage(path)
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'init from storage', err)
    const code = await enter(zts, BigInt(`0x${network}`), zts.ZTS_AF_INET, signal)
    if (code !== 0) return code

    const fd = zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_STREAM, 0)
    if (fd < 0) return failed(zts, 'socket', fd)
    // nonblockingclient.c connects before: zts_connect of the C library does nothing on a socket that does not block
    zts.zts_set_blocking(fd, 0)
    const connecting = await zts.zts_connect(fd, remote, Number(port), 0)
    if (connecting !== zts.ZTS_ERR_OK && zts.zts_errno !== zts.ZTS_EINPROGRESS)
      return failed(zts, 'connect', connecting)
    const connection = { fd, events: zts.ZTS_POLLOUT, revents: 0 }
    while ((await zts.zts_bsd_poll([connection], 1000)) === 0 && !signal.aborted) console.log('connecting')
    const refused = zts.zts_get_last_socket_error(fd)
    if (refused !== 0) return failed(zts, 'connect', refused)
    console.log('connected')

    while (!signal.aborted) {
      const bytes = await zts.zts_send(fd, MESSAGE, 0)
      if (bytes >= 0) console.log(`sent ${bytes} bytes`)
      else if (zts.zts_errno === zts.ZTS_EAGAIN) console.log('the other side is behind')
      else return failed(zts, 'send', bytes)
      await zts.zts_util_delay(Math.random() * Number(pause))
    }
    zts.zts_close(fd)
    return zts.zts_node_stop()
  },
  alone: async ({ other, home, run, stop }) => {
    const server = await other.listen({ port: 4000 })
    const ended = run(home, other.id, other.address(4)!, '4000', '100')
    let got = 0
    server.connections$.subscribe(async (socket) => {
      for await (const chunk of socket) {
        console.log(`the other member got ${chunk.length} bytes`)
        got += chunk.length
        if (got >= 3 * MESSAGE.length) stop()
      }
    })
    await ended
    await server.close()
  },
}

await program(import.meta.url, nonblockingclient)
