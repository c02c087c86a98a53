import { setFlagsFromString } from 'node:v8'

/**
 * Lets the heap grow to four times of what is live before all of it is collected. What sockets of the kernel read counts
 * as memory of V8 but does not lie in its heap, which stays small: a program that carries bytes between them and a
 * network would spend a third of its time on whole collections, 50 in 300 MB.
 */
export const roomyHeap = (): void => {
  // V8 complains aloud of a flag that it does not have
  if (Number(process.versions.node.split('.')[0]) <= NEWEST_KNOWN) setFlagsFromString('--heap-growing-percent=300')
}

const NEWEST_KNOWN = 26
