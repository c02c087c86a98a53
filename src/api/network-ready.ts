import type { SchedulerLike } from 'rxjs'
import { NetworkError, SocketError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import type { NetworkState } from '../streams/snapshot.ts'
import { waitForState } from './wait.ts'

/**
 * Waits until a network is at least so far. Fails with its end, and at once where waiting is not for this node to do: the
 * network does not exist; it was put out of it; with `refuse`, it was not let in yet either.
 */
export const waitUntil = (
  network: NetworkCore,
  clock: SchedulerLike,
  syscall: string,
  wait: { readonly signal: AbortSignal | undefined; readonly timeout: number | undefined },
  least: 'ready' | 'ok',
  refuse: boolean,
): Promise<void> => {
  if (network.ended !== undefined) return Promise.reject(network.ended)
  const late = (): SocketError =>
    new SocketError(
      'ETIMEDOUT',
      syscall,
      undefined,
      `network ${network.state.id} is still "${network.state.status}"; ${cure(network.state.status)}`,
    )
  const isThere = ({ id, status }: NetworkState): boolean => {
    if (status === 'ready' || (status === 'ok' && least === 'ok')) return true
    if (status === 'not-found')
      throw new NetworkError('ERR_ZT_NOT_FOUND', id, `network ${id} does not exist on its controller — check the id`)
    if (status === 'too-old')
      throw new NetworkError('ERR_ZT_TOO_OLD', id, `network ${id} wants a newer client — update this package`)
    // who has a configuration was let in before; `join` says by its own option what it waits for
    const putOut = syscall !== 'join' && network.config !== undefined
    if (status === 'denied' && (refuse || putOut))
      throw new NetworkError(
        'ERR_ZT_ACCESS_DENIED',
        id,
        `network ${id} has ${putOut ? 'put this node out' : 'not let this node in'} — authorise it on the controller`,
      )
    return false
  }
  return waitForState(clock, wait, late, network.state$, isThere, () => network.ended)
}

const cure = (status: NetworkState['status']): string => {
  switch (status) {
    case 'denied':
      return 'authorise this node on the controller'
    case 'ok':
      return 'the controller has assigned no address: add a pool or assign one'
    case 'requesting':
      return 'the controller was not reached: check that the node is online and the controller runs'
    default:
      return 'look at its state'
  }
}
