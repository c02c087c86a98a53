import { portablePlatform } from './api/platform-portable.ts'
import { virtualNetWith } from './api/virtual-net.ts'

export { fixtures } from './api/fixtures.ts'
export type {
  NatKind,
  NatOptions,
  NatSegment,
  Segment,
  VirtualController,
  VirtualDatagram,
  VirtualNet,
  VirtualNetOptions,
  VirtualNodeOptions,
  VirtualPlace,
  VirtualRoot,
  VirtualTcpRelay,
  Weather,
} from './api/virtual-net.ts'
export { type Impairment, impairedLink } from './streams/impaired-link.ts'
export { runMachine } from './streams/run-machine.ts'
export { VirtualClock } from './streams/virtual/virtual-clock.ts'

export const virtualNet = virtualNetWith(portablePlatform.crypto)
