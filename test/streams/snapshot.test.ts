import { expect, it } from 'vitest'
import { mac } from '../../src/protocol/kernel/id.ts'
import { openSettings } from '../../src/protocol/network/local-settings.ts'
import { networkState } from '../../src/streams/snapshot.ts'
import { configFor, identityNamed, NETWORK } from '../support/vl2-network.ts'

const [controller, member] = [identityNamed('zc'), identityNamed('za')]
const config = configFor(controller, member, 1_700_000_000_000)
const openId = {
  issuerUrl: 'https://issuer.example/',
  centralUrl: 'https://central.example/',
  nonce: 'n',
  state: 's',
  clientId: 'c',
  provider: 'default',
}
type Status = Parameters<typeof networkState>[2]
type Told = Parameters<typeof networkState>[6]
const MAC = mac(0x0200_0000_0001)

it('says where to log in and until when that is good, as the refusal and the configuration have it', () => {
  const url = 'https://login.example/?a=1'
  const sso = { ...config.sso, enabled: true, authenticationUrl: url, authenticationExpiry: 1_700_000_500_000n }
  const state = (...[status, held, told]: readonly [Status, typeof config | undefined, Told?]) =>
    networkState(NETWORK, MAC, status, held, [], openSettings, told).authentication
  expect(state('ok', config)).toBeUndefined()
  expect(state('ok', { ...config, sso })).toEqual({ url, expires: 1_700_000_500_000 })
  expect(state('auth-required', undefined, { version: 0, url })).toEqual({ url })
  expect(state('auth-required', { ...config, sso }, { version: 1, ...openId })).toEqual({
    openId,
    expires: 1_700_000_500_000,
  })
  expect(state('ok', { ...config, sso: { ...sso, version: 1, ...openId, authenticationExpiry: 0n } })).toEqual({
    openId,
  })
  expect(state('auth-required', undefined)).toBeUndefined()
})
