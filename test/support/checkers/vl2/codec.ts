import { decode, encode, reader } from '../../../../src/protocol/kernel/codec.ts'
import { parseAddress, parseNetworkId, printAddress, printMac } from '../../../../src/protocol/kernel/id.ts'
import { parseIp, printIp } from '../../../../src/protocol/kernel/ip.ts'
import {
  parseDictionary,
  printDictionary,
  signed,
  signedValue,
  truth,
  truthValue,
  unsigned,
  unsignedValue,
} from '../../../../src/protocol/network/dictionary.ts'
import { addressOf, isNodeMac, macOf, macScheme, resolutionGroup } from '../../../../src/protocol/network/mac.ts'
import { RFC4193_BITS, rfc4193, SIX_PLANE_BITS, sixPlane } from '../../../../src/protocol/network/managed-address.ts'
import { readRules, rules } from '../../../../src/protocol/network/rule.ts'
import { parseRule, printRule } from '../../../../src/protocol/network/rule-json.ts'
import { attempt, type Checker, differs, hex, unhex } from '../../checker.ts'
import { encoded, first, hex64, ruleShown, sorted } from './rendered.ts'

const mac: Checker = (file) =>
  file.cases.map((c) =>
    attempt(`${c.address} in ${c.nwid}`, () => {
      const scheme = macScheme(parseNetworkId(c.nwid)!)
      const found = macOf(scheme, parseAddress(c.address)!)
      return first(
        differs('mac', printMac(found), c.mac),
        differs('first octet', scheme.first, c.first_octet),
        differs('address', printAddress(addressOf(scheme, found)), c.back_to_address),
        differs('is a node', isNodeMac(scheme, found), true),
      )
    }),
  )

const managedAddresses: Checker = (file) =>
  file.cases.map((c) =>
    attempt(`${c.address} in ${c.nwid}`, () => {
      const [node, network] = [parseAddress(c.address)!, parseNetworkId(c.nwid)!]
      const group = (ip: Uint8Array) => {
        const found = resolutionGroup(ip)
        return { mac: printMac(found.mac), adi: found.adi }
      }
      const [a, b] = [rfc4193(node, network), sixPlane(node, network)]
      return first(
        differs('rfc4193', `${hex(a)} ${printIp(a)}/${RFC4193_BITS}`, `${c.rfc4193_bytes} ${c.rfc4193}`),
        differs('6plane', `${hex(b)} ${printIp(b)}/${SIX_PLANE_BITS}`, `${c.sixplane_bytes} ${c.sixplane}`),
        differs('rfc4193 group', group(a), c.rfc4193_ndp_group),
        differs('6plane group', group(b), c.sixplane_ndp_group),
        differs('ipv4 group', group(parseIp(c.ipv4)!), c.ipv4_arp_group),
      )
    }),
  )

const dictionary: Checker = (file) =>
  file.cases.map((c, i) =>
    attempt(`${i} ${c.kind}`, () => {
      const bytes =
        c.kind === 'decode'
          ? unhex(c.raw)
          : printDictionary(
              c.adds.map((add: { key: string; type: string; value: string; value_decimal: string }) => [
                add.key,
                entryValue(add),
              ]),
            )
      const found = parseDictionary(bytes)
      return first(
        c.kind === 'encode' ? differs('encoded', hex(bytes), c.encoded) : undefined,
        ...c.gets.map((get: Record<string, unknown>) => {
          const key = get['key'] as string
          const value = found.get(key)
          return first(
            differs(`${key} found`, value !== undefined, get['found']),
            get['found'] ? differs(key, hex(value!), get['value']) : undefined,
            differs(`${key} unsigned`, hex64(unsigned(found, key)), get['as_uint64_default_0']),
            differs(`${key} signed`, String(signed(found, key)), get['as_int64_default_0']),
            differs(`${key} truth`, truth(found, key), get['as_bool_default_false']),
          )
        }),
      )
    }),
  )
const entryValue = (add: { type: string; value: unknown; value_decimal: string }): Uint8Array => {
  switch (add.type) {
    case 'uint64':
      return unsignedValue(BigInt(`0x${add.value}`))
    case 'address':
      return unsignedValue(BigInt(`0x${add.value}`))
    case 'int64':
      return signedValue(BigInt(add.value_decimal))
    case 'bool':
      return truthValue(add.value as boolean)
    default:
      return unhex(add.value as string)
  }
}

const rulesSerialization: Checker = (file) =>
  file.cases.map((c, i) =>
    attempt(`${i} ${c.note}`, () => {
      const r = reader(unhex(c.encoded))
      const found = readRules(r, c.kind === 'decode' ? c.max_rules : 1024)
      if (c.error === true) return differs('refused', found._tag, 'Left')
      if (found._tag === 'Left') return `refused: ${JSON.stringify(found.left)}`
      return first(
        differs('decoded', sorted(found.right.map(ruleShown)), sorted(c.decoded)),
        c.kind === 'decode' ? differs('consumed', r.at, c.consumed) : undefined,
        differs('encoded', encoded(rules, found.right), c.reencoded ?? c.encoded),
      )
    }),
  )

const ruleJson: Checker = (file) =>
  file.cases.map((c, i) =>
    attempt(`${i} ${c.input.type}`, () => {
      const found = parseRule(c.input)
      if (found === undefined) return differs('accepted', false, c.accepted)
      const bytes = encode(rules, [found])
      const back = decode(rules, bytes)
      return first(
        differs('accepted', true, c.accepted),
        differs('encoded', hex(bytes), c.encoded),
        differs('rendered', sorted(printRule(found)), sorted(c.rendered)),
        differs('read back', back._tag === 'Right' ? printRule(back.right[0]!) : undefined, printRule(found)),
      )
    }),
  )

export const codecCheckers = {
  mac,
  managed_addresses: managedAddresses,
  dictionary,
  rules_serialization: rulesSerialization,
  rule_json: ruleJson,
} satisfies Record<string, Checker>
