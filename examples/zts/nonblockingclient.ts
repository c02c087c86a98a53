/**
 * A TCP client that sends a message now and then, on a socket that never blocks. Port of nonblockingclient.c.
 * Run: npx tsx examples/zts/nonblockingclient.ts
 */
import type { Zts } from 'rxzt/zts'
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

    const fd = await connectedTo(zts, remote, Number(port), signal)
    if (fd < 0) return failed(zts, 'connect', fd)
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

/**
 * A socket that never blocks, once it is connected; tried again with another while nobody listens.
 * nonblockingclient.c connects one that blocks: zts_connect of the C library does nothing on others.
 */
const connectedTo = async (zts: Zts, remote: string, port: number, signal: AbortSignal): Promise<number> => {
  while (!signal.aborted) {
    const fd = zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_STREAM, 0)
    if (fd < 0) return fd
    zts.zts_set_blocking(fd, 0)
    const begun = await zts.zts_connect(fd, remote, port, 0)
    let errno = begun === zts.ZTS_ERR_OK || zts.zts_errno === zts.ZTS_EINPROGRESS ? 0 : zts.zts_errno
    if (errno === 0) {
      const connection = { fd, events: zts.ZTS_POLLOUT, revents: 0 }
      while ((await zts.zts_bsd_poll([connection], 1000)) === 0 && !signal.aborted) console.log('connecting')
      errno = zts.zts_get_last_socket_error(fd)
    }
    if (errno === 0) return fd
    console.log(`not connected (${errno}), trying again`)
    zts.zts_close(fd)
    await zts.zts_util_delay(250)
  }
  return zts.ZTS_ERR_GENERAL
}

await program(import.meta.url, nonblockingclient)
