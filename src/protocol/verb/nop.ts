import { rest, struct, type TypeOf } from '../kernel/codec.ts'

/** NOP (0x00): nothing, whatever it carries; an authentic one is still a sign of life. */
export const nop = struct({ data: rest })
export type Nop = TypeOf<typeof nop>
