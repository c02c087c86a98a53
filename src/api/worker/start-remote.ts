import type { Random } from '../../protocol/kernel/rng.ts'
import { NodeError } from '../../streams/error.ts'
import type { Clock } from '../../streams/io/clock.ts'
import type { StateStore } from '../../streams/store.ts'
import type { ToNode, ToProgram } from './message.ts'
import { revivedError } from './plain-error.ts'
import { RemoteNode } from './remote-node.ts'
import { answerFrom } from './remote-store.ts'
import { Mailbox, type ThreadPort } from './thread-port.ts'

/** The thread of a node, as the one that started it sees it. */
export interface NodeThread extends ThreadPort {
  /** Calls back once with why, if the thread ends. */
  whenGone(then: (cause: unknown) => void): void
  hold(on: boolean): void
  terminate(): Promise<void>
}

export interface RemoteHands {
  readonly clock: Clock
  readonly random: Random
  readonly store: StateStore | undefined
  readonly signal: AbortSignal | undefined
}

/** Waits for the node of a thread to be up. Whatever it ends with, the thread ends with it. */
export const startRemote = (thread: NodeThread, { clock, random, store, signal }: RemoteHands): Promise<RemoteNode> =>
  new Promise((resolve, reject) => {
    const mailbox = new Mailbox<ToNode>(thread)
    let node: RemoteNode | undefined
    const release = (): Promise<void> => {
      signal?.removeEventListener('abort', abort)
      return thread.terminate()
    }
    const fail = (reason: unknown): void => {
      const refuse = (): void => reject(reason)
      release().then(refuse, refuse)
    }
    const abort = (): void => {
      if (node !== undefined) node.abort(signal?.reason)
      else mailbox.put({ _tag: 'GiveUp', number: 0 })
    }
    const hear = (message: ToProgram): void => {
      if (message._tag === 'Store') {
        if (store !== undefined) void answerFrom(store, message).then((answer) => mailbox.put(answer))
      } else if (message._tag === 'Up') {
        node = new RemoteNode(message, { clock, random, mailbox, hold: (on) => thread.hold(on), release })
        resolve(node)
        if (signal?.aborted === true) node.abort(signal.reason)
      } else if (node !== undefined) node.hear(message)
      else if (message._tag === 'Ended')
        fail(signal?.aborted === true || message.error === undefined ? signal?.reason : revivedError(message.error))
    }
    thread.listen((batch) => {
      for (const message of batch as readonly ToProgram[]) hear(message)
    })
    thread.whenGone((cause) => {
      if (node !== undefined) node.died(cause)
      else fail(cause instanceof NodeError ? cause : notStarted(cause))
    })
    signal?.addEventListener('abort', abort, { once: true })
  })

const notStarted = (cause: unknown): NodeError =>
  new NodeError('ERR_ZT_DEFECT', `the thread of a node did not start: ${String(cause)} — use createNode()`, { cause })
