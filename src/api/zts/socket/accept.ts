import { errno as E } from '../errno.ts'
import type { Descriptor } from './descriptor.ts'
import type { DescriptorTable } from './descriptor-table.ts'
import type { Ground } from './ground.ts'
import { perform, type SysResult, whole } from './perform.ts'

/** Waits for somebody to connect, as `SO_RCVTIMEO` and the socket say, and gives that connection a descriptor. */
export const accept = (ground: Ground, table: DescriptorTable, listener: Descriptor): Promise<SysResult> => {
  const attempt = (): SysResult => {
    if (listener.listening && table.isFull) return -E.ZTS_EMFILE
    const accepted = listener.accept()
    return typeof accepted === 'number' ? accepted : table.add(accepted)
  }
  const patience = listener.patience(listener.options.receiveTimeout, false)
  return perform(ground.clock, listener, listener.reading, patience, whole(attempt))
}
