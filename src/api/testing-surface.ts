/** What `rxzt/testing` exports on every host; the entry points add `virtualNet`, which needs a crypto provider. */

export { type Impairment, impairedLink } from '../streams/impaired-link.ts'
export { runMachine } from '../streams/run-machine.ts'
export { VirtualClock } from '../streams/virtual/virtual-clock.ts'
export { fixtures } from './fixtures.ts'
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
} from './virtual-net.ts'
