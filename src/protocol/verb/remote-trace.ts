import { type Codec, remaining, reserve, type TypeOf } from '../kernel/codec.ts'
import { badField, short } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'

/**
 * REMOTE_TRACE (0x15): diagnostics that a network asks its members to send somewhere. Never answered, may be ignored.
 *
 *     (dictionary, at most 10000 bytes   00)…      the last may lack its end
 */
export const remoteTrace: Codec<readonly Uint8Array[]> = {
  read: (r) => {
    if (remaining(r) === 0) return E.left(short(r.at, 1))
    const traces: Uint8Array[] = []
    while (r.at < r.end) {
      const nul = r.bytes.indexOf(0, r.at)
      const end = nul < 0 || nul >= r.end ? r.end : nul
      if (end - r.at > MOST) return E.left(badField('trace size', end - r.at))
      traces.push(r.bytes.subarray(r.at, end))
      r.at = Math.min(end + 1, r.end)
    }
    return E.right(traces)
  },
  write: (w, traces) => {
    for (const trace of traces) {
      const at = reserve(w, trace.length + 1)
      w.bytes.set(trace, at)
      w.bytes[at + trace.length] = 0
    }
  },
}
export type RemoteTrace = TypeOf<typeof remoteTrace>

const MOST = 10_000
