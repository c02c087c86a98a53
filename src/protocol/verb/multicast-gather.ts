import { branded, type Codec, counted, struct, type TypeOf, u8, u16, u32, u40, u48, u64 } from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import type { Address, Mac, NetworkId } from '../kernel/id.ts'
import { type Com, com } from '../network/credential/com.ts'

/**
 * MULTICAST_GATHER (0x0d): who is in this group? Answered with OK, or not at all.
 *
 *     nwid[8]   flags[1]   mac[6]   adi[4]   limit[4]   com[..] if flag 01
 *
 * A malformed certificate is as good as none.
 */
const head = struct({
  network: branded<bigint, NetworkId>(u64),
  flags: u8,
  mac: branded<number, Mac>(u48),
  adi: u32,
  limit: u32,
})
export type MulticastGather = Omit<TypeOf<typeof head>, 'flags'> & { readonly com: Com | undefined }

export const multicastGather: Codec<MulticastGather> = {
  read: (r) => {
    const fields = head.read(r)
    if (fields._tag === 'Left') return fields
    const { flags, ...rest } = fields.right
    const certificate = (flags & WITH_COM) === 0 ? undefined : com.read(r)
    return E.right({ ...rest, com: certificate?._tag === 'Right' ? certificate.right : undefined })
  },
  write: (w, value) => {
    head.write(w, { ...value, flags: value.com === undefined ? 0 : WITH_COM })
    if (value.com !== undefined) com.write(w, value.com)
  },
}

/**
 * Members of a group, as OK(MULTICAST_GATHER) and OK(MULTICAST_FRAME) list them.
 *
 *     total known[4]   n[2]   n × address[5]
 */
export const gatherResults = struct({
  total: u32,
  members: counted(u16, branded<number, Address>(u40), 'member count', 0xffff),
})
export type GatherResults = TypeOf<typeof gatherResults>

/** The body of OK(MULTICAST_GATHER), after the packet ID. */
export const multicastGatherOk = struct({
  network: branded<bigint, NetworkId>(u64),
  mac: branded<number, Mac>(u48),
  adi: u32,
  results: gatherResults,
})
export type MulticastGatherOk = TypeOf<typeof multicastGatherOk>

/** The most members of one OK(MULTICAST_GATHER): what a packet of 10024 bytes has room for. */
export const MAX_GATHERED = Math.floor((10_024 - 28 - 9 - 18 - 6) / 5)
const WITH_COM = 0x01
