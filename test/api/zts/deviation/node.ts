import { fixtures } from 'rxzt/testing'
import { createZts } from 'rxzt/zts'
import { expect } from 'vitest'
import type { Deviation } from './trial.ts'

const identity = fixtures.identities.at(-1)!

export const nodeDeviations: readonly Deviation[] = [
  {
    what: '`zts_node_start`',
    native: 'gives 0 at once, before there is a node; a call that needs one then ends the process',
    here: 'a promise: when it is 0 the node is there. Until then calls give `ZTS_ERR_SERVICE`',
    holds: async ({ stage, id, until }) => {
      const zts = stage.make({ node: { identity } })
      const starting = zts.zts_node_start()
      expect(zts.zts_net_join(id)).toBe(zts.ZTS_ERR_SERVICE)
      expect(await until(starting)).toBe(0)
      expect([zts.zts_node_get_id() > 0n, zts.zts_net_join(id)]).toEqual([true, 0])
      await until(zts.zts_node_stop())
    },
  },
  {
    what: '`zts_node_start` that fails',
    native: 'gives 0; at best there is an event',
    here: '`ZTS_ERR_ARG` or `ZTS_ERR_SERVICE`; `zts.error`, and the event, say why and what to do',
    holds: async ({ stage, until }) => {
      const zts = stage.make({ node: { planet: new Uint8Array(3) } })
      expect(await until(zts.zts_node_start())).toBe(zts.ZTS_ERR_SERVICE)
      expect(zts.error?.message).toMatch(/ — /)
    },
  },
  {
    what: '`zts_node_stop`',
    native: 'gives 0 at once; `ZTS_EVENT_NODE_DOWN` is never delivered, sockets stay open',
    here: 'a promise: when it is 0 sockets are reset, the event was delivered, and nothing is left',
    holds: ({ heard }) => {
      expect(heard.slice(-2).map(({ event_code }) => event_code)).toEqual([203, 221])
    },
  },
  {
    what: '`zts_node_free`',
    native: 'final: no later start works in this process',
    here: 'the same as `zts_node_stop`; the instance may be started again',
    holds: async ({ stage, until }) => {
      const zts = stage.make({ node: { identity } })
      await until(zts.zts_node_start())
      expect([await until(zts.zts_node_free()), await until(zts.zts_node_start())]).toEqual([0, 0])
      await until(zts.zts_node_stop())
    },
  },
  {
    what: '`zts_restart`',
    native: 'broken in one release',
    here: 'resolves when the node is there again, with the same path, identity, port and callback',
    holds: async ({ stage, until }) => {
      const zts = stage.make()
      await until(zts.zts_start_with_identity(identity, () => undefined, 0))
      const id = zts.zts_get_node_id()
      expect([await until(zts.zts_restart()), zts.zts_get_node_id()]).toEqual([0, id])
      await until(zts.zts_stop())
    },
  },
  {
    what: 'instances',
    native: 'one node, one callback and one errno in a process',
    here: '`createZts()` makes as many as are wanted; `zts` is one of them',
    holds: ({ a, b }) => {
      expect(a.zts_node_get_id()).not.toBe(b.zts_node_get_id())
      a.errno = a.ZTS_EPERM
      expect(b.errno).not.toBe(b.ZTS_EPERM)
    },
  },
  {
    what: '`zts_node_get_id`, `zts_net_get_mac`',
    native: 'errors look like huge numbers, as 0xfffffffffffffffe',
    here: '0n',
    holds: ({ a }) => {
      expect([createZts().zts_node_get_id(), a.zts_net_get_mac(1n)]).toEqual([0n, 0n])
    },
  },
  {
    what: 'IDs',
    native: '64-bit integers; a smaller type cuts them off',
    here: '`bigint`; a `number` gives `ZTS_ERR_ARG`',
    holds: ({ a, id }) => {
      expect(a.zts_net_join(Number(id) as never)).toBe(a.ZTS_ERR_ARG)
    },
  },
  {
    what: '`zts_init_from_storage(NULL)`, `zts_init_from_memory` of no identity, `zts_init_set_roots` of no planet',
    native: 'may give 0',
    here: '`ZTS_ERR_ARG`',
    holds: () => {
      const zts = createZts()
      const given = [zts.zts_init_from_storage(null as never), zts.zts_init_from_memory('x'.repeat(300))]
      expect([...given, zts.zts_init_set_roots(new Uint8Array(500))]).toEqual([-3, -3, -3])
    },
  },
  {
    what: '`zts_init_set_random_port_range`',
    native: 'is not checked',
    here: '`ZTS_ERR_ARG` if the first port is after the last',
    holds: () => {
      const zts = createZts()
      expect([zts.zts_init_set_random_port_range(9, 8), zts.zts_init_set_random_port_range(8, 9)]).toEqual([-3, 0])
    },
  },
  {
    what: '`zts_init_set_low_bandwidth_mode`',
    native: 'ends the process if called before the start',
    here: 'works there, and only there',
    holds: ({ a }) => {
      expect([createZts().zts_init_set_low_bandwidth_mode(1), a.zts_init_set_low_bandwidth_mode(1)]).toEqual([0, -2])
    },
  },
  {
    what: '`zts_init_allow_port_mapping`',
    native: 'asks the router for a third port',
    here: 'is taken, and does nothing yet; there is no third port',
    holds: ({ heard }) => {
      expect(createZts().zts_init_allow_port_mapping(1)).toBe(0)
      expect(heard.find(({ node }) => node !== null)!.node!.port_tertiary).toBe(0)
    },
  },
  {
    what: '`zts_init_allow_tcp_relay`, `zts_init_force_tcp_relay`',
    native: 'use a relay of the vendor unless told another',
    here: 'there is no relay but that of `zts_init_set_tcp_relay`; forcing without one makes the start give `ZTS_ERR_ARG`',
    holds: async ({ stage, until }) => {
      const zts = stage.make({ node: { identity } })
      zts.zts_init_force_tcp_relay(1)
      expect(await until(zts.zts_node_start())).toBe(zts.ZTS_ERR_ARG)
    },
  },
  {
    what: '`zts_allow_local_conf`',
    native: 'has local.conf read',
    here: 'is taken, and does nothing: see `paths`, `trustedPaths` and `bonding` of `createZts({ node })`',
    holds: () => {
      expect(createZts().zts_allow_local_conf(1)).toBe(0)
    },
  },
  {
    what: '`zts_id_pair_is_valid`',
    native: 'does not look at the secret',
    here: '0 if the secret is of another key',
    holds: async ({ a }) => {
      const [one = '', other = ''] = fixtures.identities
      const mixed = [...one.split(':').slice(0, 3), other.split(':')[3]].join(':')
      expect([await a.zts_id_pair_is_valid(one), await a.zts_id_pair_is_valid(mixed)]).toEqual([1, 0])
    },
  },
  {
    what: '`zts_util_sign_root_set`',
    native: 'reads and writes keys in the working directory; up to 16 roots, of which nodes take 4',
    here: 'keys are arguments, null for new ones; up to 4 roots',
    holds: ({ a }) => {
      const ids = fixtures.identities.slice(0, 5).map((text) => text.split(':').slice(0, 3).join(':'))
      const sign = (n: number): number =>
        a.zts_util_sign_root_set(null, null, 7n, 1n, {
          public_id_str: ids.slice(0, n),
          endpoint_ip_str: ids.slice(0, n).map(() => ['192.0.2.1/9993']),
        }).err
      expect([sign(4), sign(5)]).toEqual([0, a.ZTS_ERR_ARG])
    },
  },
  {
    what: '`zts_util_ipstr_to_saddr`',
    native: 'reads `::1` as `::`',
    here: 'reads it as it is',
    holds: ({ a }) => {
      expect(a.zts_util_ipstr_to_saddr('::1', 1).addr.addr).toBe('::1')
    },
  },
  {
    what: '`zts_moon_orbit`, `zts_moon_deorbit`',
    native: 'always give 0',
    here: '`ZTS_ERR_ARG` for what is no ID',
    holds: ({ a }) => {
      expect([a.zts_moon_orbit(0n, 1n), a.zts_moon_orbit(1n, 1n << 40n), a.zts_moon_deorbit(0n)]).toEqual([-3, -3, -3])
    },
  },
  {
    what: '`zts_stats_get_all`',
    native: 'gives `ZTS_ERR_NO_RESULT` in the builds that are shipped',
    here: 'counts always',
    holds: ({ a }) => {
      expect(a.zts_stats_get_all().err).toBe(0)
      expect(a.zts_stats_get_all().stats.link_tx).toBeGreaterThan(0)
    },
  },
  {
    what: '`zts_get_all_stats`: `sys`, and the kinds of IGMP and MLD messages',
    native: 'counts semaphores, mutexes and mailboxes, and reports, joins and leaves apart',
    here: '0: there are none of the former, and the latter are counted together',
    holds: ({ a }) => {
      const { sys, igmp, mld6 } = a.zts_get_all_stats().stats
      expect([sys.mbox.used, igmp.tx_report, mld6.tx_report]).toEqual([0, 0, 0])
      expect(mld6.xmit).toBeGreaterThan(0)
    },
  },
  {
    what: '`zts_central_*`',
    native: 'compiled out',
    here: 'there, each with a promise of `{ err, http_resp_code }`; the text of the answer from `zts_central_get_last_resp_buf()`',
    holds: async ({ a }) => {
      expect(a.zts_central_get_last_resp_buf()).toEqual({ err: 0, resp: '' })
      expect(await a.zts_central_status_get()).toEqual({ err: a.ZTS_ERR_SERVICE, http_resp_code: 0 })
    },
  },
  {
    what: '`zts_central_net_update`',
    native: 'sends no body, so nothing is updated',
    here: 'takes the JSON as its second argument',
    holds: async ({ a }) => {
      a.zts_central_init(a.ZTS_CENTRAL_DEFAULT_URL, 'x'.repeat(32))
      a.zts_central_set_access_mode(a.ZTS_CENTRAL_WRITE)
      expect((await a.zts_central_net_update(1n, 'no JSON')).err).toBe(a.ZTS_ERR_ARG)
      a.zts_central_cleanup()
    },
  },
  {
    what: '`zts_central_set_verbose`',
    native: 'prints what goes over the wire, the token included',
    here: 'is taken, and prints nothing; `zts.error` says what went wrong',
    holds: ({ a }) => {
      expect(a.zts_central_set_verbose(1)).toBe(0)
    },
  },
]
