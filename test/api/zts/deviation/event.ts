import { fixtures } from 'rxzt/testing'
import { createZts } from 'rxzt/zts'
import { expect } from 'vitest'
import { statusNumber } from '../../../../src/api/zts/structures.ts'
import { adhoc, lonely, nobody } from './lonely.ts'
import type { Deviation } from './trial.ts'

const identity = fixtures.identities.at(-1)!

export const eventDeviations: readonly Deviation[] = [
  {
    what: 'delivery',
    native: 'by a thread, every 25 ms; not in order if several threads make events, and not at all in some sessions',
    here: 'each in a microtask after what happened, in order, always',
    holds: async ({ stage, until }) => {
      const zts = stage.make({ node: { identity, planet: nobody } })
      const heard: number[] = []
      zts.zts_init_set_event_handler(({ event_code }) => heard.push(event_code))
      await until(zts.zts_node_start())
      const said = heard.length
      zts.zts_net_join(adhoc(zts))
      expect(heard.length).toBe(said)
      await Promise.resolve()
      expect(heard[said]).toBe(zts.ZTS_EVENT_NETWORK_REQ_CONFIG)
      await until(zts.zts_node_stop())
    },
  },
  {
    what: '`ZTS_EVENT_NODE_UP`',
    native: 'its `node_id` is 0',
    here: 'is that of the node',
    holds: ({ heard }) => {
      expect(heard.find(({ event_code }) => event_code === 200)!.node!.node_id).toBeGreaterThan(0n)
    },
  },
  {
    what: '`ZTS_EVENT_NETWORK_REQ_CONFIG`',
    native: 'not sent for the first request',
    here: 'sent for each',
    holds: ({ heard }) => {
      expect(heard.map(({ event_code }) => event_code)).toContain(212)
    },
  },
  {
    what: '`ZTS_EVENT_NETWORK_OK`, `_ACCESS_DENIED`, `_DOWN` …',
    native: 'only `net_id` is filled in',
    here: 'everything is',
    holds: ({ heard }) => {
      const down = heard.find(({ event_code }) => event_code === 218)!
      expect(down.network!.name).toBe('open')
    },
  },
  {
    what: '`ZTS_EVENT_NETWORK_READY_IP4`, `_IP6`',
    native:
      'only if the address is there at the moment when the network lets the node in; before `ZTS_EVENT_NETWORK_OK`',
    here: 'when both are true, whichever came last; after `ZTS_EVENT_NETWORK_OK` and `ZTS_EVENT_ADDR_ADDED_…`',
    holds: ({ heard }) => {
      const at = (code: number): number => heard.findIndex(({ event_code }) => event_code === code)
      expect([213, 260, 215].map(at)).toEqual([213, 260, 215].map(at).toSorted((x, y) => x - y))
      expect(at(216)).toBeGreaterThan(at(262))
    },
  },
  {
    what: '`ZTS_EVENT_NETWORK_UPDATE`',
    native: 'for every answer of the controller, and the first',
    here: 'for a change after the first',
    holds: async ({ stage, until, id }) => {
      const zts = stage.make({ node: { identity } })
      const names: (string | undefined)[] = []
      zts.zts_init_set_event_handler(({ event_code, network }) => {
        if (event_code === zts.ZTS_EVENT_NETWORK_UPDATE) names.push(network?.name)
      })
      await until(zts.zts_node_start())
      zts.zts_net_join(id)
      await stage.net.advance(70_000)
      expect(names).toEqual([])
      const hosted = id.toString(16).padStart(16, '0')
      await until(stage.controller.update(hosted, { name: 'closed' }))
      await stage.net.advance(1_000)
      await until(stage.controller.update(hosted, { name: 'open' }))
      await stage.net.advance(1_000)
      expect(names).toEqual(['closed', 'open'])
      await until(zts.zts_node_stop())
    },
  },
  {
    what: 'events of networks and peers while no root answers',
    native: 'none',
    here: 'sent',
    holds: async ({ stage, until }) => {
      const zts = stage.make({ node: { identity, planet: nobody } })
      const heard: number[] = []
      zts.zts_init_set_event_handler(({ event_code }) => heard.push(event_code))
      await lonely(zts, until)
      await Promise.resolve()
      expect(heard).toEqual(expect.arrayContaining([213, 216, 262]))
      await until(zts.zts_node_stop())
    },
  },
  {
    what: '`ZTS_EVENT_STACK_…`, `_NETIF_…`, `_ROUTE_…`, `_STORE_PEER`, `_STORE_NETWORK`',
    native: 'never sent',
    here: 'sent',
    holds: ({ heard }) => {
      const sent = heard.map(({ event_code }) => event_code)
      expect(sent).toEqual(expect.arrayContaining([220, 221, 230, 231, 232, 233, 234, 250, 251, 273, 274]))
    },
  },
  {
    what: '`ZTS_EVENT_NETWORK_READY_IP4_IP6`, and the numbers of events in 2020-05',
    native: '250 to 273 had other meanings for some weeks',
    here: 'never sent; numbers are those since',
    holds: ({ a, heard }) => {
      expect(heard.map(({ event_code }) => event_code)).not.toContain(a.ZTS_EVENT_NETWORK_READY_IP4_IP6)
      expect([a.ZTS_EVENT_ROUTE_ADDED, a.ZTS_EVENT_ADDR_ADDED_IP4]).toEqual([250, 260])
    },
  },
  {
    what: '`ZTS_EVENT_NODE_NORMAL_TERMINATION`, `_UNRECOVERABLE_ERROR`',
    native: 'instead of others, in older releases',
    here: 'only to programs that start by an older call: the former after `ZTS_EVENT_NODE_DOWN`, the latter for all but a collision',
    holds: async ({ stage, until, heard }) => {
      expect(heard.map(({ event_code }) => event_code)).not.toContain(206)
      const zts = stage.make()
      const older: number[] = []
      await until(zts.zts_start_with_identity(identity, ({ eventCode }) => older.push(eventCode), 0))
      await until(zts.zts_stop())
      expect(older.slice(-3)).toEqual([203, 206, 221])
    },
  },
  {
    what: 'networks that want a log-in',
    native: 'unknown to the headers',
    here: '`ZTS_NETWORK_STATUS_ACCESS_DENIED` until the log-in; the interface of `rxzt` tells the address of it',
    holds: () => {
      expect(statusNumber['auth-required']).toBe(createZts().ZTS_NETWORK_STATUS_ACCESS_DENIED)
    },
  },
]
