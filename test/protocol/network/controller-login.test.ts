import { beforeEach, describe, expect, it } from 'vitest'
import { configIn, errorsTo, host, NETWORK, only, targetsTold } from './hosting.ts'
import { memberNode, otherNode } from './nodes.ts'

const HOUR = 3_600_000

let c: ReturnType<typeof host>
/** Until when the member's log-in is good. */
const loggedIn = (until: number) =>
  c.do({
    _tag: 'PostMember',
    network: NETWORK,
    member: memberNode.address,
    body: { authorized: true, authenticationExpiryTime: until },
  })

beforeEach(() => {
  c = host()
  c.create()
  c.do({ _tag: 'Restore', network: { nwid: NETWORK.toString(16), private: true, ssoEnabled: true }, members: [] })
})

describe('a network whose members log in', () => {
  it('asks those to who have not', () => {
    loggedIn(0)
    expect(errorsTo(c.ask(memberNode), memberNode)).toEqual([9])
    expect(only(c.last, 'Denied')).toMatchObject([{ error: 9 }])
  })

  it('puts a member out when its time is over, not before, and tells the others', () => {
    loggedIn(c.now + HOUR)
    c.do({ _tag: 'PostMember', network: NETWORK, member: otherNode.address, body: { authorized: true } })
    c.do({
      _tag: 'PostMember',
      network: NETWORK,
      member: otherNode.address,
      body: { authenticationExpiryTime: c.now + 9 * HOUR },
    })
    expect(configIn(c.ask(memberNode), memberNode)).toBeDefined()
    c.now += HOUR - 60_000
    c.ask(otherNode)
    c.ask(memberNode)
    expect(targetsTold(c.settle(), otherNode)).toEqual([])
    c.now += 60_000
    const told = c.settle()
    expect(targetsTold(told, otherNode)).toEqual([memberNode.address])
    expect(errorsTo(told, memberNode)).toEqual([9])
    expect(c.settle()).toEqual([])
    expect(errorsTo(c.ask(memberNode), memberNode)).toEqual([9])
  })

  it('lets a member stay that logs in again in time', () => {
    loggedIn(c.now + 10_000)
    c.ask(memberNode)
    loggedIn(c.now + HOUR)
    c.now += 20_000
    expect(targetsTold(c.settle(), memberNode)).toEqual([])
    expect(configIn(c.ask(memberNode), memberNode)).toBeDefined()
  })

  it('puts a member out at once whose time is cut short', () => {
    loggedIn(c.now + HOUR)
    c.ask(memberNode)
    loggedIn(c.now)
    c.now += 500
    expect(targetsTold(c.settle(), memberNode)).toEqual([memberNode.address])
  })
})
