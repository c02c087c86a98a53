/** What `rxzt/testing` exports on every host; the entry points add what needs a crypto provider. */

export type { Machine, Step } from '../protocol/kernel/machine.ts'
export { type Impairment, impairedLink } from '../streams/impaired-link.ts'
export { runMachine } from '../streams/run-machine.ts'
export { type MarbleHelpers, marbles } from '../streams/virtual/marbles.ts'
export { VirtualClock } from '../streams/virtual/virtual-clock.ts'
export { fixtures } from './fixtures.ts'
export { type Play, type Recording, readRecording, type Scenario } from './recording.ts'
export type {
  HostClock,
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
