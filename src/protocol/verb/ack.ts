import { struct, type TypeOf, u32 } from '../kernel/codec.ts'

/** ACK (0x12): bytes[4]. Obsolete and ignored; not even a sign of life. */
export const ack = struct({ bytes: u32 })
export type Ack = TypeOf<typeof ack>
