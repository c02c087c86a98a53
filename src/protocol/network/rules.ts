import type { Address, Mac } from '../kernel/id.ts'

/** What the rules of a network say of one frame: `super` skips the checks of addressing that follow. */
export type Verdict = 'drop' | 'accept' | 'super'

/**
 * A network's rules made ready: `filter` asks them for every frame.
 *
 * Deployed so far is the list that controllers give a new network, a single ACCEPT. **Every other list is treated as
 * that one**: matches, DROP, TEE, WATCH, REDIRECT and capabilities are not evaluated, a frame passes whatever they say.
 */
export interface RuleSet {
  /** The list as serialized by the controller. */
  readonly rules: Uint8Array
  /** Whether the list is exactly ACCEPT, that is, whether `filter` says what the controller means. */
  readonly exact: boolean
}

export const ruleSet = (rules: Uint8Array): RuleSet => ({
  rules,
  exact: rules.length === 2 && (rules[0]! & TYPE) === ACCEPT && rules[1] === 0,
})

/**
 * Decides about a frame between this node and `peer` (`undefined` outbound, where the recipients are not chosen yet).
 * Both directions of every unicast and multicast frame come through here.
 */
export const filter = (
  _rules: RuleSet,
  _direction: 'in' | 'out',
  _peer: Address | undefined,
  _from: Mac,
  _to: Mac,
  _etherType: number,
  _payload: Uint8Array,
): Verdict => 'accept'

const TYPE = 0x3f
const ACCEPT = 0x01
