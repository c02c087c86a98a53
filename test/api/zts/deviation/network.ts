import { decode, encode } from 'dns-packet'
import { fixtures } from 'rxzt/testing'
import { expect } from 'vitest'
import { adhoc, lonely, nobody } from './lonely.ts'
import type { Deviation } from './trial.ts'

const identity = fixtures.identities.at(-1)!
const lan = { target: '10.144.0.0/24' }

export const networkDeviations: readonly Deviation[] = [
  {
    what: '`zts_addr_is_assigned`, `zts_addr_get_str` of an unknown family',
    native: '1, and 0 with whatever was in the buffer',
    here: '`ZTS_ERR_ARG`',
    holds: ({ a, id }) => {
      expect([a.zts_addr_is_assigned(id, 99), a.zts_addr_get_str(id, 99).err]).toEqual([-3, -3])
    },
  },
  {
    what: '`zts_net_get_name`',
    native: '`ZTS_ERR_SERVICE` while the node is not online',
    here: 'needs the network only',
    holds: async ({ stage, until }) => {
      const zts = await lonely(stage.make({ node: { identity, planet: nobody } }), until)
      expect(zts.zts_node_is_online()).toBe(0)
      expect(zts.zts_net_get_name(adhoc(zts)).err).toBe(0)
      await until(zts.zts_node_stop())
    },
  },
  {
    what: '`zts_net_get_mac_str` of an unknown network',
    native: 'prints the error code as a MAC',
    here: '`ZTS_ERR_NO_RESULT`',
    holds: ({ a }) => {
      expect(a.zts_net_get_mac_str(1n)).toEqual({ err: a.ZTS_ERR_NO_RESULT, str: '' })
    },
  },
  {
    what: 'addresses of a network',
    native: 'one IPv4 and one IPv6 address reach the host stack',
    here: 'all do',
    holds: async ({ a, b, id, until }) => {
      const { addrs } = b.zts_addr_get_all(id)
      const six = addrs.filter(({ family }) => family === b.ZTS_AF_INET6)
      expect(six.length).toBe(2)
      const listener = b.zts_bsd_socket(b.ZTS_AF_INET6, b.ZTS_SOCK_STREAM, 0)
      b.zts_bind(listener, '::', 100)
      b.zts_listen(listener, 2)
      for (const { addr } of six) {
        const fd = await until(a.zts_tcp_client(addr, 100))
        expect(fd).toBeGreaterThanOrEqual(0)
        a.zts_close(fd)
      }
      b.zts_close(listener)
    },
  },
  {
    what: 'routes by a gateway',
    native: 'are reported, and not used',
    here: 'are used',
    holds: async ({ stage, a, b, b4, id, until }) => {
      const hosted = id.toString(16).padStart(16, '0')
      await until(stage.controller.update(hosted, { routes: [lan, { target: '192.168.7.0/24', via: b4 }] }))
      await stage.net.advance(1_000)
      const before = b.zts_stats_get_all().stats.udp_rx
      const fd = a.zts_udp_client('192.168.7.1')
      expect(await until(a.zts_bsd_sendto(fd, Uint8Array.of(1), 0, { family: 2, addr: '192.168.7.1', port: 9 }))).toBe(
        1,
      )
      await stage.net.advance(1_000)
      expect(b.zts_stats_get_all().stats.udp_rx).toBe(before + 1)
      a.zts_close(fd)
      await until(stage.controller.update(hosted, { routes: [lan] }))
    },
  },
  {
    what: 'lists in structures',
    native: 'at most 16 addresses, 32 routes, 64 paths',
    here: 'as long as they are, without what is empty',
    holds: ({ a, id }) => {
      const { nd } = a.zts_get_network_details(id)
      expect([nd!.assigned_addrs.length, nd!.routes.length]).toEqual([nd!.assigned_addr_count, nd!.route_count])
    },
  },
  {
    what: '`zts_core_query_addr`, `_route`, `_mc` of an unknown network',
    native: '0, and nothing filled in',
    here: '`ZTS_ERR_NO_RESULT`',
    holds: ({ a }) => {
      const asked = [a.zts_core_query_addr(1n, 0), a.zts_core_query_route(1n, 0), a.zts_core_query_mc(1n, 0)]
      expect(asked.map(({ err }) => err)).toEqual([-4, -4, -4])
    },
  },
  {
    what: '`zts_core_query_path_count`, `zts_core_query_path`',
    native: 'not written: always `ZTS_ERR_NO_RESULT`',
    here: 'work',
    holds: ({ a }) => {
      const { pds } = a.zts_get_peers()
      const { peer_id, path_count } = pds.find((peer) => peer.path_count > 0)!
      expect(a.zts_core_query_path_count(peer_id)).toBe(path_count)
      expect(a.zts_core_query_path(peer_id, 0).str).toMatch(/\/9993$/)
    },
  },
  {
    what: '`zts_core_lock_obtain`, `zts_core_lock_release`',
    native: 'take and give back the lock of the table of networks',
    here: 'do nothing: nothing else runs meanwhile',
    holds: ({ a, id }) => {
      expect([a.zts_core_lock_obtain(), a.zts_net_get_status(id), a.zts_core_lock_release()]).toEqual([0, 1, 0])
    },
  },
  {
    what: '`zts_dns_get_server`',
    native: 'a pointer to `zts_ip_addr`',
    here: 'text, or null; `zts_dns_set_server` takes text and `zts_ip_addr`',
    holds: ({ a }) => {
      a.zts_dns_set_server(0, a.zts_ipaddr_aton('10.0.0.53').addr)
      expect([a.zts_dns_get_server(0), a.zts_dns_set_server(0, null), a.zts_dns_get_server(0)]).toEqual([
        ...['10.0.0.53', 0, null],
      ])
    },
  },
  {
    what: 'names: `zts_bsd_gethostbyname`',
    native: 'asks the servers of `zts_dns_set_server` only',
    here: 'asks those that the controller names, too; answers by text',
    holds: async ({ stage, a, b, b4, id, until }) => {
      const hosted = id.toString(16).padStart(16, '0')
      await until(stage.controller.update(hosted, { dns: { domain: 'office.example', servers: [b4] } }))
      await stage.net.advance(1_000)
      const server = b.zts_udp_server('0.0.0.0', 53)
      const question = new Uint8Array(512)
      const answered = b.zts_bsd_recvfrom(server, question, 0).then(async ({ n, addr }) => {
        const { id, questions = [] } = decode(Buffer.from(question.subarray(0, n)))
        const answers = [{ type: 'A' as const, name: 'printer.office.example', data: '10.144.0.200', ttl: 60 }]
        return b.zts_bsd_sendto(server, encode({ type: 'response', id: id!, questions, answers }), 0, addr!)
      })
      const found = await until(a.zts_bsd_gethostbyname('printer.office.example'))
      expect(found).toMatchObject({ h_addrtype: a.ZTS_AF_INET, h_addr_list: ['10.144.0.200'] })
      expect(await answered).toBeGreaterThan(0)
      b.zts_close(server)
    },
  },
]
