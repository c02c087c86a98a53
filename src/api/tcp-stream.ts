import { type Bytes, toBytes } from './bytes.ts'
import type { VirtualTcpSocket } from './tcp-socket.ts'

/** The read side as a WHATWG byte stream that takes bytes only when asked. Cancelling closes the connection. */
export const readableOf = (socket: VirtualTcpSocket): ReadableStream<Uint8Array> => {
  socket.lock('readable')
  return new ReadableStream({
    type: 'bytes',
    pull: async (controller) => {
      const chunk = await socket.inbox.read()
      if (chunk === null) {
        controller.close()
        // a reader that brought its own buffer waits for an answer
        controller.byobRequest?.respond(0)
        return
      }
      // a stream takes the whole buffer away from whoever else looks at it, and chunks are views
      controller.enqueue(chunk.slice() as Uint8Array<ArrayBuffer>)
    },
    cancel: () => {
      if (socket.inbox.length > 0) socket.reset()
      else void socket.close()
    },
  })
}

/** The write side: a write is done when the send buffer has taken it. */
export const writableOf = (socket: VirtualTcpSocket): WritableStream<Bytes> =>
  new WritableStream({
    write: (chunk) => socket.write(toBytes(chunk)),
    close: () => socket.end(),
    abort: () => socket.reset(),
  })
