/**
 * The public planet: the roots every node knows without being told, revision of 2022-02-11. These are published facts,
 * and only a default: a node is given another planet as configuration (`docs/protocol/vl1.md`, default planets).
 */
import { address } from '../kernel/id.ts'
import type { Root, World } from './world.ts'

const hex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))

const root = (name: number, publicKey: string, ipv4: string, ipv6: string): Root => ({
  identity: { address: address(name), publicKey: hex(publicKey) },
  endpoints: [ipv4, ipv6].map((ip) => ({ address: ip, port: 9993 })),
})

export const publicPlanet: World = {
  type: 'planet',
  id: 149604618n,
  timestamp: 1_644_592_324_813n,
  updateKey: hex(
    'b8b388a469221491aa9acd66cc764cdefd56039f1067ae15e69c6fb42d7b55330e3fdaac529c0792fd7340a6aa21aba8' +
      'a489fdaea44a39bf2d00659ac9c818eb',
  ),
  signature: hex(
    '3600927637ef4d1404a44d544684851379751faa79b4c4ea85040175ea065860482402e1eb342052000e6290061a9be0' +
      'cd293c8b55f1c3d2524808afc54922080e3539a75addc3cef0f6ad260d588293bb7786e71efa4b9057dad9867afe12dd',
  ),
  roots: [
    root(
      0xcafe9efeb9,
      'ccdef76bc7b97ded904eabc5df09886d9c1514a610036cb9139cc214001a2958' +
        '978efcec15712dd3948c6e6b3a8e893df01ff493d1f8d9806a860c5420571bf0',
      '104.194.8.134',
      '2605:9880:200:1200:30:571:e34:51',
    ),
    root(
      0x778cde7190,
      '3f6681a99e5ad1895e9fba33e6212d4454e168bcec7112101bf000956ed8e92e' +
        '42892cb6f2ec410881a84ab19da50e1287ba3d926c3a1f755cccf299a1207055',
      '103.195.103.66',
      '2605:9880:400:c3:254:f2bc:a1f7:19',
    ),
    root(
      0x62f865ae71,
      'e2076c57de870e6288d7d5e7404408b1545efca37d67f77b87e9e54168c25d3e' +
        'f1a9abf2905ea5e785c01dff23887ad4232d95c7a8fd2c27111a72bd159322dc',
      '50.7.252.138',
      '2001:49f0:d0db:2::2',
    ),
    root(
      0xcafe04eba9,
      '6c6a9d1dea55c1616bfe2a2b8f0ff9a8cacaf70374fb1f39e3bef81cbfebef17' +
        'b7228268a0a2a29d3488c752565c6c965cbd6506ec24397cc8a5d9d15285a87f',
      '84.17.53.155',
      '2a02:6ea0:d405::9993',
    ),
  ],
}
