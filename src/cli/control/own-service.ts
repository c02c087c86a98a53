import { serveLocalApi } from '../../node.ts'
import type { Call } from '../command.ts'
import type { OpenNode } from '../open-network.ts'
import { HttpService, type Service, type ServiceChoice } from './service.ts'

/** A node of the command's own, spoken to as if it were a service. Waits a while for its roots. */
export const openOwnService = async (call: Call<ServiceChoice>, { node, ...opened }: OpenNode): Promise<Service> => {
  try {
    const api = await serveLocalApi(node, { port: 0 })
    call.out.progress('waiting for a root')
    try {
      await node.online({ timeout: call.options.timeout ?? PATIENCE, signal: call.io.interrupted() })
    } catch (error) {
      if (call.io.interrupted().aborted) throw error
      call.out.note(`the node is offline: ${error instanceof Error ? error.message : String(error)}`)
    }
    call.out.progress('')
    return new HttpService(api.port, api.token, 'the command', true, async () => {
      await opened[Symbol.asyncDispose]()
    })
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  }
}

/** ms that a node gets to reach a root before the command goes on without. */
const PATIENCE = 10_000
