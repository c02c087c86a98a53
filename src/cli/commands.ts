import type { Command, CommandGroup } from './command.ts'

/** A command before its file is loaded. */
export interface CommandRow {
  readonly name: string
  readonly aliases?: readonly string[]
  /** One line, without a full stop. */
  readonly summary: string
  /** Under which heading `rxzt --help` lists it. */
  readonly group: 'Service' | 'Networks' | 'Traffic' | 'Roles' | 'Help'
  load(): Promise<{ readonly command: Command | CommandGroup }>
}

/** Every command, in the order in which help lists them. */
export const commands: readonly CommandRow[] = [
  {
    name: 'up',
    summary: 'run a node as a service',
    group: 'Service',
    load: () => import('./service/up.ts'),
  },
  {
    name: 'info',
    aliases: ['status'],
    summary: "tell the node's address, version and whether it is online",
    group: 'Service',
    load: () => import('./control/info.ts'),
  },
  {
    name: 'doctor',
    summary: 'find out why a node is offline, out of its network, or slow',
    group: 'Service',
    load: () => import('./doctor/doctor.ts'),
  },
  {
    name: 'peers',
    summary: 'list the nodes that it knows, and how they are reached',
    group: 'Service',
    load: () => import('./control/peers.ts'),
  },
  {
    name: 'listpeers',
    summary: 'the same, as `zerotier-cli listpeers` has it',
    group: 'Service',
    load: () => import('./control/listpeers.ts'),
  },
  {
    name: 'moons',
    aliases: ['listmoons'],
    summary: 'list its moons',
    group: 'Service',
    load: () => import('./control/moons.ts'),
  },
  {
    name: 'orbit',
    summary: 'use the roots of a moon',
    group: 'Service',
    load: () => import('./control/orbit.ts'),
  },
  {
    name: 'deorbit',
    summary: 'use them no longer',
    group: 'Service',
    load: () => import('./control/deorbit.ts'),
  },
  {
    name: 'networks',
    aliases: ['listnetworks'],
    summary: 'list the networks that are joined',
    group: 'Networks',
    load: () => import('./control/networks.ts'),
  },
  {
    name: 'join',
    summary: 'join a network',
    group: 'Networks',
    load: () => import('./control/join.ts'),
  },
  {
    name: 'leave',
    summary: 'leave a network',
    group: 'Networks',
    load: () => import('./control/leave.ts'),
  },
  {
    name: 'get',
    summary: 'print a property of a network',
    group: 'Networks',
    load: () => import('./control/get.ts'),
  },
  {
    name: 'set',
    summary: 'say what a network may do on this node',
    group: 'Networks',
    load: () => import('./control/set.ts'),
  },
  {
    name: 'adhoc',
    summary: 'print the ID of a network without a controller',
    group: 'Networks',
    load: () => import('./control/adhoc.ts'),
  },
  {
    name: 'nc',
    summary: 'join stdin and stdout with a connection in a network',
    group: 'Traffic',
    load: () => import('./traffic/nc.ts'),
  },
  {
    name: 'forward',
    summary: 'forward ports into a network, or out of it',
    group: 'Traffic',
    load: () => import('./traffic/forward.ts'),
  },
  {
    name: 'proxy',
    summary: 'run a SOCKS5 or HTTP proxy into a network',
    group: 'Traffic',
    load: () => import('./traffic/proxy.ts'),
  },
  {
    name: 'serve',
    summary: 'show the files of a directory to the members of a network',
    group: 'Traffic',
    load: () => import('./traffic/serve.ts'),
  },
  {
    name: 'ping',
    summary: 'send echo requests to a member',
    group: 'Traffic',
    load: () => import('./traffic/ping.ts'),
  },
  {
    name: 'trace',
    summary: 'tell by which way packets get to a member, and why',
    group: 'Traffic',
    load: () => import('./traffic/trace.ts'),
  },
  {
    name: 'dump',
    summary: 'show or capture the traffic of a network',
    group: 'Traffic',
    load: () => import('./traffic/dump.ts'),
  },
  {
    name: 'replay',
    summary: 'play a recording of a virtual network again',
    group: 'Traffic',
    load: () => import('./traffic/replay.ts'),
  },
  {
    name: 'idtool',
    summary: 'make, check and use identities; sign moons',
    group: 'Roles',
    load: () => import('./tool/idtool.ts'),
  },
  {
    name: 'planet',
    summary: "sign a planet with roots of one's own, or show one",
    group: 'Roles',
    load: () => import('./tool/planet.ts'),
  },
  {
    name: 'root',
    summary: 'run a root',
    group: 'Roles',
    load: () => import('./service/root.ts'),
  },
  {
    name: 'controller',
    summary: 'manage the networks that a service hosts',
    group: 'Roles',
    load: () => import('./controller/controller.ts'),
  },
  {
    name: 'completion',
    summary: 'print what completes this command line in bash or zsh',
    group: 'Help',
    load: () => import('./tool/completion.ts'),
  },
]
