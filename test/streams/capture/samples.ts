import type { FrameTrace, PacketTrace } from 'rxzt'
import type { VirtualDatagram } from 'rxzt/testing'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
const mac = (text: string) => text as FrameTrace['from']
const id = (text: string) => text as NonNullable<PacketTrace['source']>

const [alice, bob, everybody] = [mac('32:a1:0b:5e:91:04'), mac('32:7f:c4:21:66:d8'), mac('ff:ff:ff:ff:ff:ff')]
const AT = 1_735_689_600_000

/** Two members meet: ARP, then the first segment of a connection; and an IPv6 packet that nothing follows. */
export const frames: readonly FrameTrace[] = [
  {
    at: AT,
    dir: 'out',
    from: alice,
    to: everybody,
    etherType: 0x0806,
    payload: hex('0001 0800 0604 0001 32a10b5e9104 0a900001 000000000000 0a900002'),
  },
  {
    at: AT + 20.125,
    dir: 'in',
    from: bob,
    to: alice,
    etherType: 0x0806,
    payload: hex('0001 0800 0604 0002 327fc42166d8 0a900002 32a10b5e9104 0a900001'),
  },
  {
    at: AT + 20.125,
    dir: 'out',
    from: alice,
    to: bob,
    etherType: 0x0800,
    payload: hex(`4500002c 00004000 4006 25aa 0a900001 0a900002
      c350 0050 00000001 00000000 6002ffff ba46 0000 02040ad0`),
  },
  {
    at: AT + 41,
    dir: 'in',
    from: bob,
    to: mac('33:33:00:00:00:01'),
    etherType: 0x86dd,
    payload: hex(`60000000 0008 3b40 fd000000000000000000000000000001 ff020000000000000000000000000001
      0000000000000000`),
  },
]

/** A HELLO and its answer, a packet that could not be opened, and a fragment: what stands in them is of no concern here. */
export const packets: readonly PacketTrace[] = [
  {
    at: AT - 60,
    dir: 'out',
    endpoint: { address: '44.2.0.1', port: 9993 },
    source: id('89e92ceee5'),
    dest: id('9d219039f3'),
    verb: 1,
    id: 0x0123_4567_89ab_cdefn,
    cipher: 0,
    bytes: hex('0123456789abcdef 9d219039f3 89e92ceee5 00 0011223344556677 01 0d'),
    outcome: 'accepted',
  },
  {
    at: AT - 20,
    dir: 'in',
    endpoint: { address: '44.2.0.1', port: 9993 },
    source: id('9d219039f3'),
    dest: id('89e92ceee5'),
    verb: 3,
    id: 0xfedc_ba98_7654_3210n,
    cipher: 1,
    bytes: hex('fedcba9876543210 89e92ceee5 9d219039f3 08 8899aabbccddeeff 9a6e'),
    outcome: 'accepted',
  },
  {
    at: AT - 10,
    dir: 'in',
    endpoint: { address: '2001:db8::7', port: 21_000 },
    source: id('9d219039f3'),
    dest: id('89e92ceee5'),
    id: 1n,
    cipher: 3,
    bytes: hex('0000000000000001 89e92ceee5 9d219039f3 18 0000000000000000 00'),
    outcome: 'bad-mac',
  },
]

export const datagrams: readonly VirtualDatagram[] = [
  {
    at: AT + 0.25,
    from: { address: '100.64.0.1', port: 9993 },
    to: { address: '100.64.0.2', port: 9993 },
    data: hex('00'),
  },
  {
    at: AT + 1,
    from: { address: 'fd00::1', port: 9993 },
    to: { address: 'fd00::2', port: 40_000 },
    data: hex('01020304'),
  },
]
