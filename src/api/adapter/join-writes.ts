/** Small writes as one: each becomes segments of its own, and a copy costs less than a packet. */
export const joinWrites = (chunks: readonly Uint8Array[]): readonly Uint8Array[] => {
  const parts: Uint8Array[] = []
  let first = 0
  for (let i = 0, length = 0; i < chunks.length; i++) {
    length += chunks[i]!.length
    const following = chunks[i + 1]
    if (following !== undefined && length + following.length <= JOINED) continue
    parts.push(i === first ? chunks[i]! : Buffer.concat(chunks.slice(first, i + 1), length))
    first = i + 1
    length = 0
  }
  return parts
}

/** Bytes that are copied into one write at most. */
const JOINED = 64 * 1024
