import type { RunningNetwork } from './network.ts'

/** What handles and sockets need of a joined network: of one that runs here, or of one that runs on another thread. */
export interface NetworkCore
  extends Pick<
    RunningNetwork,
    | 'id'
    | 'random'
    | 'sockets'
    | 'call'
    | 'state'
    | 'state$'
    | 'stats'
    | 'frames$'
    | 'members$'
    | 'bridging'
    | 'advertisedServers'
    | 'tcpInfo'
    | 'ownerOf'
    | 'nodeOf'
    | 'dropped'
    | 'note'
    | 'addRoute'
    | 'removeRoute'
  > {
  /** What the controller said; `undefined` while it has let this node in never yet. */
  readonly config: unknown
  /** Whether devices can be behind this node: frames of theirs do not go from thread to thread. */
  readonly canBridge: boolean
  /** Set once the network was left or its node closed. */
  readonly ended: RunningNetwork['ended']
  /** Where calls are answered later: resolves when those made so far have been. */
  settled?(): Promise<void>
}
