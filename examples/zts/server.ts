/** A TCP server: reads a message of one client and sends it back. Port of server.c. Run: npx tsx examples/zts/server.ts */
import { failed, hex, type Port, program } from './stage.ts'

export const server: Port = {
  usage: 'server.ts <storage path> <network> <local address> <local port>',
  needs: 4,
  main: async (zts, [path = '', network = '', local = '', port]) => {
    const net = BigInt(`0x${network}`)

    // The node
    let err = zts.zts_init_from_storage(path)
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'init from storage', err)
    err = await zts.zts_node_start()
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'start', err)
    console.log('waiting for the node to be online')
    while (!zts.zts_node_is_online()) await zts.zts_util_delay(50)
    console.log(`node ${hex(zts.zts_node_get_id(), 10)} is online`)

    // The network
    console.log(`joining ${network}`)
    err = zts.zts_net_join(net)
    if (err !== zts.ZTS_ERR_OK) return failed(zts, 'join', err)
    console.log('waiting for the controller; it may have to be told to authorize this node')
    while (!zts.zts_net_transport_is_ready(net)) await zts.zts_util_delay(50)

    // An address of the family that is listened on
    const family = zts.zts_util_get_ip_family(local)
    while (zts.zts_addr_is_assigned(net, family) !== 1) await zts.zts_util_delay(50)
    console.log(`address on ${network}: ${zts.zts_addr_get_str(net, family).str}`)

    // One connection
    const { fd, str, port: from } = await zts.zts_tcp_server(local, Number(port))
    if (fd < 0) return failed(zts, 'accept', fd)
    console.log(`connection from ${str}, port ${from}`)
    const message = Buffer.alloc(128)
    let bytes = await zts.zts_read(fd, message)
    if (bytes < 0) return failed(zts, 'read', bytes)
    console.log(`read ${bytes} bytes: ${message.subarray(0, bytes)}`)
    bytes = await zts.zts_write(fd, message.subarray(0, bytes))
    if (bytes < 0) return failed(zts, 'write', bytes)
    console.log(`sent ${bytes} bytes`)

    zts.zts_close(fd)
    return zts.zts_node_stop()
  },
  alone: async ({ other, home, run, connect }) => {
    const ended = run(home, other.id, '0.0.0.0', '4000')
    const socket = await connect(4000)
    await socket.write('who is there?')
    for await (const chunk of socket) console.log(`the other member got back: ${Buffer.from(chunk)}`)
    await ended
  },
}

await program(import.meta.url, server)
