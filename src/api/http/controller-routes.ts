import { parseAddress, parseNetworkId, printAddress, printNetworkId } from '../../protocol/kernel/id.ts'
import type { HostedMember, HostedNetwork } from '../../protocol/network/controller.ts'
import type { HostedController } from '../controller.ts'
import { json, nothing } from './answer.ts'
import { objectIn } from './body.ts'
import { type Route, route } from './router.ts'

/** A controller as its HTTP clients know it (`docs/protocol/vl2.md` §15.2). Shows records as they are stored. */
export const controllerRoutes = (controller: HostedController, clock: () => number, self: string): readonly Route[] => {
  const network = async (nwid = ''): Promise<HostedNetwork | undefined> => {
    await controller.ready
    return controller.hosted.get(parseNetworkId(nwid)!)
  }
  const member = async (nwid?: string, address = ''): Promise<HostedMember | undefined> =>
    (await network(nwid))?.members.get(parseAddress(address)!)
  const post = async (nwid: string | undefined, body: Uint8Array) => {
    const id = nwid === undefined ? undefined : parseNetworkId(nwid)!
    const input = { _tag: 'PostNetwork', body: objectIn(body) } as const
    const { created } = await controller.command(id === undefined ? input : { ...input, network: id })
    return json(controller.hosted.get(created ?? id!)?.record ?? {})
  }

  return [
    route('GET', '/controller', () =>
      json(
        { controller: true, apiVersion: 4, clock: Math.floor(clock()), databaseReady: controller.isReady },
        controller.isReady ? 200 : 503,
      ),
    ),

    route('GET', '/controller/network', async () => {
      await controller.ready
      return json([...controller.hosted.keys()].map(printNetworkId).sort())
    }),
    route('POST', '/controller/network', ({ body }) => post(undefined, body)),
    route('POST', '/controller/network/:address______', ({ body }, address) =>
      address === self ? post(undefined, body) : nothing(400),
    ),
    route('GET', '/controller/network/:nwid', async (_, nwid) => {
      const found = await network(nwid)
      return found === undefined ? nothing(404) : json(found.record)
    }),
    route('POST', '/controller/network/:nwid', ({ body }, nwid) => post(nwid, body)),
    route('DELETE', '/controller/network/:nwid', async (_, nwid) => {
      const found = await network(nwid)
      if (found === undefined) return nothing(404)
      await controller.command({ _tag: 'DeleteNetwork', network: found.id })
      return json(found.record)
    }),

    route('GET', '/controller/network/:nwid/member', async (_, nwid) => {
      const found = await network(nwid)
      if (found === undefined) return nothing(404)
      return json(Object.fromEntries([...found.members].map(([id, one]) => [printAddress(id), one.record.revision])))
    }),
    route('GET', '/controller/network/:nwid/member/:address', async (_, nwid, address) => {
      const found = await member(nwid, address)
      return found === undefined ? nothing(404) : json(found.record)
    }),
    route('POST', '/controller/network/:nwid/member/:address', async ({ body }, nwid, address = '') => {
      const found = await network(nwid)
      if (found === undefined) return nothing(404)
      const id = parseAddress(address)!
      await controller.command({ _tag: 'PostMember', network: found.id, member: id, body: objectIn(body) })
      return json(found.members.get(id)?.record ?? {})
    }),
    route('DELETE', '/controller/network/:nwid/member/:address', async (_, nwid, address) => {
      const found = await member(nwid, address)
      if (found === undefined) return nothing(404)
      const { record } = found
      await controller.command({ _tag: 'DeleteMember', network: found.network.id, member: found.address })
      return json(record)
    }),

    route('GET', '/unstable/controller/network', async () => {
      await controller.ready
      const data = [...controller.hosted.values()]
        .map((one) => ({
          ...one.record,
          meta: { totalMemberCount: one.members.size, authorizedMemberCount: authorized(one) },
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
      return json({ data, meta: { networkCount: data.length } })
    }),
    route('GET', '/unstable/controller/network/:nwid/member', async (_, nwid) => {
      const found = await network(nwid)
      if (found === undefined) return nothing(404)
      const data = [...found.members.values()].map(({ record }) => record)
      return json({ data, meta: { totalCount: data.length, authorizedCount: authorized(found) } })
    }),
  ]
}

const authorized = ({ members, waiting }: HostedNetwork): number => members.size - waiting
