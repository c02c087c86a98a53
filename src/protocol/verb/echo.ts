import { rest, struct, type TypeOf } from '../kernel/codec.ts'

/**
 * ECHO (0x08): any bytes, or none. Answered with OK and the same bytes, by the same path, at most once per path in
 * 166 ms.
 */
export const echo = struct({ data: rest })
export type Echo = TypeOf<typeof echo>
