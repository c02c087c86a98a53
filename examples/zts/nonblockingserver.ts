/**
 * A TCP server that never blocks on its connection, by any of three techniques. Port of nonblockingserver.c.
 * Run: npx tsx examples/zts/nonblockingserver.ts
 */
import type { Zts } from 'rxzt/zts'
import { enter } from './enter.ts'
import { failed, type Port, program } from './stage.ts'

export const nonblockingserver: Port = {
  usage:
    'nonblockingserver.ts <storage path> <network> <local address> <local port> [nonblock | select | poll, default all in turn]',
  needs: 4,
  main: async (zts, [path = '', network = '', local = '', port, technique], signal) => {
    let err = zts.zts_init_from_storage(path)
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'init from storage', err)
    const code = await enter(zts, BigInt(`0x${network}`), zts.ZTS_AF_INET, signal)
    if (code !== 0) return code

    const listener = zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_STREAM, 0)
    if (listener < 0) return failed(zts, 'socket', listener)
    err = zts.zts_bind(listener, local, Number(port))
    if (err < 0) return failed(zts, 'bind', err)
    err = zts.zts_listen(listener, 100)
    if (err < 0) return failed(zts, 'listen', err)
    console.log('listening')
    const { fd, str, port: from } = await zts.zts_accept(listener)
    if (fd < 0) return failed(zts, 'accept', fd)
    console.log(`connection from ${str}, port ${from}`)

    zts.zts_bsd_fcntl(fd, zts.ZTS_F_SETFL, zts.ZTS_O_NONBLOCK)
    const techniques = Object.entries(TECHNIQUES).filter(([name]) => technique === undefined || name === technique)
    if (techniques.length === 0) return failed(zts, `technique ${technique}`, zts.ZTS_ERR_ARG)
    const buffer = Buffer.alloc(128)
    // nonblockingserver.c goes on for ever, as if nothing and the end of the stream were the same
    for (let bytes = -1, reads = 0; bytes !== 0 && !signal.aborted; ) {
      const [name, isReady] = techniques[reads % techniques.length]!
      if (!(await isReady(zts, fd))) {
        console.log('nothing to read')
        continue
      }
      bytes = await zts.zts_bsd_recv(fd, buffer, 0)
      if (bytes < 0 && zts.zts_errno !== zts.ZTS_EAGAIN) return failed(zts, 'recv', bytes)
      if (bytes <= 0) continue
      console.log(`read ${bytes} bytes by ${name}`)
      reads++
    }
    zts.zts_close(fd)
    zts.zts_close(listener)
    return zts.zts_node_stop()
  },
  alone: async ({ other, home, run, connect }) => {
    const ended = run(home, other.id, '0.0.0.0', '4000')
    const socket = await connect(4000)
    await socket.write(Buffer.alloc(300))
    await socket.end()
    await ended
  },
}

/** Whether it is worth while to read. */
type Ready = (zts: Zts, fd: number) => Promise<boolean>

const TECHNIQUES: Readonly<Record<string, Ready>> = {
  /** Reading says itself that there is nothing; look again in a while. */
  nonblock: async (zts) => {
    await zts.zts_util_delay(100)
    return true
  },
  select: async (zts, fd) => {
    const { n } = await zts.zts_bsd_select(fd + 1, new Set([fd]), null, null, { tv_sec: 0, tv_usec: 50_000 })
    return n > 0
  },
  poll: async (zts, fd) => {
    const entry = { fd, events: zts.ZTS_POLLIN, revents: 0 }
    await zts.zts_bsd_poll([entry], 50)
    return (entry.revents & zts.ZTS_POLLIN) !== 0
  },
}

await program(import.meta.url, nonblockingserver)
