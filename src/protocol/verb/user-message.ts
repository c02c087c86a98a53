import { rest, struct, type TypeOf, u64 } from '../kernel/codec.ts'

/**
 * USER_MESSAGE (0x14): bytes from one application to another, no network needed. Never answered. Types up to 65535 are
 * reserved by convention.
 *
 *     type[8]   data…
 */
export const userMessage = struct({ type: u64, data: rest })
export type UserMessage = TypeOf<typeof userMessage>
