import { errno as E } from '../errno.ts'
import type { Descriptor } from './descriptor.ts'
import type { SysResult } from './perform.ts'

/** The descriptors of an instance, each a number from 0 on. */
export class DescriptorTable {
  readonly #open: (Descriptor | undefined)[] = []

  get(fd: number): Descriptor | undefined {
    return Number.isInteger(fd) ? this.#open[fd] : undefined
  }

  get isFull(): boolean {
    return this.#free() >= MOST_DESCRIPTORS
  }

  /** The lowest number that is free, as POSIX has it. */
  add(descriptor: Descriptor): SysResult {
    const fd = this.#free()
    if (fd >= MOST_DESCRIPTORS) {
      descriptor.close()
      return -E.ZTS_EMFILE
    }
    this.#open[fd] = descriptor
    return fd
  }

  close(fd: number): SysResult {
    const descriptor = this.get(fd)
    if (descriptor === undefined) return -E.ZTS_EBADF
    this.#open[fd] = undefined
    descriptor.close()
    return 0
  }

  /** The node is about to stop: peers hear RST. */
  closeAll(): void {
    for (const descriptor of this.#open.splice(0)) descriptor?.close(true)
  }

  #free(): number {
    const free = this.#open.indexOf(undefined)
    return free < 0 ? this.#open.length : free
  }
}

/** `ZTS_FD_SETSIZE`: what `select` can speak of. */
export const MOST_DESCRIPTORS = 1024
