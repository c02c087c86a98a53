import { describe, expect, it } from 'vitest'
import { capturedDatagrams, mixedFolder, mixedNodes } from '../support/captures.ts'
import { conversation, type Said } from '../support/conversation.ts'

const line = ({ from, to, verb, cipher }: Said): string => `${from} → ${to} ${verb} (${cipher})`

/** Each expected line occurs, after the one before it; without a suite, under any. */
const inOrder = (said: readonly Said[], expected: readonly string[]): void => {
  let at = 0
  for (const one of expected) {
    const found = said.findIndex((s, i) => i >= at && line(s).startsWith(one))
    expect(found, `${one} after message ${at} of\n${said.map(line).join('\n')}`).toBeGreaterThanOrEqual(0)
    at = found + 1
  }
}

/** What was said on the wire when our nodes met native ones (docs/interop.md tells how it was recorded). */
describe('our member among a native root, controller and peer', () => {
  const capture = 'member-among-native'
  const { said, unopened } = conversation(capturedDatagrams(capture, mixedFolder), mixedNodes(capture))

  it('is understood, and understands: every packet opens', () => {
    expect(unopened).toBe(0)
    expect(said.length).toBeGreaterThan(100)
  })
  it('comes online: HELLO under suite 0, the first answer under suite 1, then suite 3', () => {
    inOrder(said, [
      'member → root hello (0)',
      'root → member ok (1)',
      'root → member hello (0)',
      'root → member ok (3)',
      'member → root ok (3)',
    ])
  })
  it('finds its controller, is refused, then admitted, and announces its groups', () => {
    inOrder(said, [
      'member → root whois (3)',
      'root → member ok (3)',
      'member → controller networkConfigRequest (1)',
      'controller → member error', // relayed or direct, whichever was quicker
      'member → controller networkConfigRequest (3)',
      'controller → member ok (3)',
      'member → controller multicastLike (3)',
    ])
  })
  it('resolves a peer: gather, WHOIS, credentials before the frame, RENDEZVOUS, and then directly', () => {
    inOrder(said, [
      'member → root multicastGather (3)',
      'root → member ok (3)',
      'member → root whois (3)',
      'member → native networkCredentials (1)',
      'member → native multicastFrame (1)',
    ])
    const asked = said.findIndex((s) => s.from === 'member' && s.verb === 'multicastFrame')
    const frames = said.slice(asked).filter((s) => s.verb === 'frame')
    expect(frames[0]?.from).toBe('native') // the ARP reply comes first, and then what waited for it
    expect(frames.some((s) => s.from === 'member')).toBe(true)
    expect(said.filter((s) => s.verb === 'frame' && s.cipher === 3 && s.hops === 0).length).toBeGreaterThan(10)
  })
})

describe('a native node with our root and our controller', () => {
  const capture = 'native-among-ours'
  const { said, unopened } = conversation(capturedDatagrams(capture, mixedFolder), mixedNodes(capture))

  it('understands us: every packet opens', () => {
    expect(unopened).toBe(0)
    expect(said.length).toBeGreaterThan(50)
  })
  it('comes online', () => {
    inOrder(said, [
      'native → root hello (0)',
      'root → native ok (1)',
      'root → native hello (0)',
      'native → root ok (3)',
      'native → root whois (3)',
      'root → native ok (3)',
    ])
  })
  it('is introduced to the controller, configured, and directly connected', () => {
    inOrder(said, [
      'native → controller networkConfigRequest (1)',
      'root → native rendezvous (3)',
      'native → controller hello (0)',
      'controller → native ok (1)',
      'controller → native ok (3)',
      'native → root multicastGather (3)',
    ])
  })
  it('exchanges credentials and frames with our member', () => {
    const between = said.filter((s) => s.from === 'member' || s.to === 'member')
    expect(between.map((s) => s.verb)).toEqual(expect.arrayContaining(['networkCredentials', 'frame']))
    expect(between.some((s) => s.from === 'native' && s.verb === 'frame')).toBe(true)
    expect(between.some((s) => s.from === 'member' && s.verb === 'frame')).toBe(true)
  })
})
