import { anything, atLeast, type OptionRule, type OptionRules, oneOf, yesOrNo } from '../streams/option.ts'
import type { Weather } from '../streams/virtual/wire.ts'
import type { NatOptions, VirtualNetOptions } from './virtual-net.ts'

const chance: OptionRule = { is: (x) => typeof x === 'number' && x >= 0 && x <= 1, cure: 'use a chance from 0 to 1' }

export const weatherRules: OptionRules<Weather> = {
  latency: atLeast(0),
  jitter: atLeast(0),
  loss: chance,
  duplicate: chance,
  reorder: chance,
  mtu: atLeast(0),
  bandwidth: atLeast(1),
}

export const natKind = oneOf('full-cone', 'restricted', 'port-restricted', 'symmetric')
export const natRules: OptionRules<NatOptions> = {
  ...weatherRules,
  timeout: atLeast(1),
  behind: anything,
  hairpin: yesOrNo,
}

export const relayRules: OptionRules<{ readonly latency?: number }> = { latency: atLeast(0) }

export const virtualNetRules: OptionRules<VirtualNetOptions> = {
  seed: { is: Number.isInteger, cure: 'use a whole number' },
  proven: { is: Array.isArray, cure: 'pass a list of identities' },
}
