import { from, lastValueFrom, type ObservableInput } from 'rxjs'
import { refuse } from '../streams/option.ts'
import type { TcpSocket } from './tcp-socket.ts'

/**
 * Reads a connection to its end, one chunk after the other: the next chunk is taken, and with it acknowledged to the
 * sender, when the work on this one completes. The way to use observables with flow control.
 * @example await consume(socket, (chunk) => save$(chunk))
 */
export const consume = async (
  socket: TcpSocket,
  work: (chunk: Uint8Array) => ObservableInput<unknown>,
): Promise<void> => {
  if (typeof socket?.[Symbol.asyncIterator] !== 'function') refuse('socket', socket, 'pass a TCP socket')
  if (typeof work !== 'function') refuse('work', work, 'pass a function from a chunk to an observable')
  for await (const chunk of socket) await lastValueFrom(from(work(chunk)), { defaultValue: undefined })
}
