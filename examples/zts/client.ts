/** A TCP client: sends a message and reads the answer. Port of client.c. Run: npx tsx examples/zts/client.ts */
import { failed, hex, type Port, program } from './stage.ts'

const MESSAGE = 'Welcome to the machine'

export const client: Port = {
  usage: 'client.ts <storage path> <network> <remote address> <remote port>',
  needs: 4,
  main: async (zts, [path = '', network = '', remote = '', port]) => {
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

    // An address of the family of the server's
    const family = zts.zts_util_get_ip_family(remote)
    while (zts.zts_addr_is_assigned(net, family) !== 1) await zts.zts_util_delay(50)
    console.log(`address on ${network}: ${zts.zts_addr_get_str(net, family).str}`)

    // The connection
    console.log('connecting')
    let fd = await zts.zts_tcp_client(remote, Number(port))
    while (fd < 0) {
      console.log(`not connected (${zts.zts_errno}), trying again`)
      fd = await zts.zts_tcp_client(remote, Number(port))
    }
    let bytes = await zts.zts_write(fd, Buffer.from(MESSAGE))
    if (bytes < 0) return failed(zts, 'write', bytes)
    console.log(`sent ${bytes} bytes: ${MESSAGE}`)
    const answer = Buffer.alloc(128)
    bytes = await zts.zts_read(fd, answer)
    if (bytes < 0) return failed(zts, 'read', bytes)
    console.log(`read ${bytes} bytes: ${answer.subarray(0, bytes)}`)

    zts.zts_close(fd)
    return zts.zts_node_stop()
  },
  alone: async ({ other, home, run }) => {
    const server = await other.listen({ port: 4000 })
    server.connections$.subscribe((socket) => void socket.readable.pipeTo(socket.writable))
    await run(home, other.id, other.address(4)!, '4000')
    await server.close()
  },
}

await program(import.meta.url, client)
