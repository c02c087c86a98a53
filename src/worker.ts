/** The program of the thread that `workerNode()` starts. */
import { createNodeOn } from './api/create-node.ts'
import { nodePlatform } from './api/platform-node.ts'
import type { WorkerSetup } from './api/worker/message.ts'
import { hostNode } from './api/worker/node-host.ts'
import { thisThread } from './streams/io/node-thread.ts'
import { udpLink } from './streams/io/udp-link.ts'

const thread = thisThread<WorkerSetup>()
void hostNode(thread, thread.data, ({ options, udp }, store, signal) =>
  createNodeOn(nodePlatform)({ ...options, ...(store === undefined ? {} : { store }), link: udpLink(udp), signal }),
)
