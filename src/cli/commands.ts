import type { Command, CommandGroup } from './command.ts'
import { command as adhoc } from './control/adhoc.ts'
import { command as deorbit } from './control/deorbit.ts'
import { command as get } from './control/get.ts'
import { command as info } from './control/info.ts'
import { command as join } from './control/join.ts'
import { command as leave } from './control/leave.ts'
import { command as listpeers } from './control/listpeers.ts'
import { command as moons } from './control/moons.ts'
import { command as networks } from './control/networks.ts'
import { command as orbit } from './control/orbit.ts'
import { command as peers } from './control/peers.ts'
import { command as set } from './control/set.ts'
import { command as controller } from './controller/controller.ts'
import { command as doctor } from './doctor/doctor.ts'
import { command as root } from './service/root.ts'
import { command as up } from './service/up.ts'
import { completionOf } from './tool/completion.ts'
import { command as idtool } from './tool/idtool.ts'
import { command as planet } from './tool/planet.ts'
import { command as dump } from './traffic/dump.ts'
import { command as forward } from './traffic/forward.ts'
import { command as nc } from './traffic/nc.ts'
import { command as ping } from './traffic/ping.ts'
import { command as proxy } from './traffic/proxy.ts'
import { command as replay } from './traffic/replay.ts'
import { command as serve } from './traffic/serve.ts'
import { command as trace } from './traffic/trace.ts'

/** A command, and where it stands among the others. */
export interface CommandRow {
  readonly name: string
  readonly aliases?: readonly string[]
  /** One line, without a full stop. */
  readonly summary: string
  /** Under which heading `rxzt --help` lists it. */
  readonly group: 'Service' | 'Networks' | 'Traffic' | 'Roles' | 'Help'
  readonly command: Command | CommandGroup
}

/** Every command, in the order in which help lists them. */
export const commands: readonly CommandRow[] = [
  {
    name: 'up',
    summary: 'run a node as a service',
    group: 'Service',
    command: up,
  },
  {
    name: 'info',
    aliases: ['status'],
    summary: "tell the node's address, version and whether it is online",
    group: 'Service',
    command: info,
  },
  {
    name: 'doctor',
    summary: 'find out why a node is offline, out of its network, or slow',
    group: 'Service',
    command: doctor,
  },
  {
    name: 'peers',
    summary: 'list the nodes that are known, and how they are reached',
    group: 'Service',
    command: peers,
  },
  {
    name: 'listpeers',
    summary: 'list them in the columns of `zerotier-cli listpeers`',
    group: 'Service',
    command: listpeers,
  },
  {
    name: 'moons',
    aliases: ['listmoons'],
    summary: 'list the moons whose roots are used',
    group: 'Service',
    command: moons,
  },
  {
    name: 'orbit',
    summary: 'use the roots of a moon too',
    group: 'Service',
    command: orbit,
  },
  {
    name: 'deorbit',
    summary: 'use the roots of a moon no longer',
    group: 'Service',
    command: deorbit,
  },
  {
    name: 'networks',
    aliases: ['listnetworks'],
    summary: 'list the networks that are joined',
    group: 'Networks',
    command: networks,
  },
  {
    name: 'join',
    summary: 'join a network',
    group: 'Networks',
    command: join,
  },
  {
    name: 'leave',
    summary: 'leave a network',
    group: 'Networks',
    command: leave,
  },
  {
    name: 'get',
    summary: 'print a property of a network',
    group: 'Networks',
    command: get,
  },
  {
    name: 'set',
    summary: 'say what a network may do on this node',
    group: 'Networks',
    command: set,
  },
  {
    name: 'adhoc',
    summary: 'print the ID of a network without a controller',
    group: 'Networks',
    command: adhoc,
  },
  {
    name: 'nc',
    summary: 'join stdin and stdout with a connection in a network',
    group: 'Traffic',
    command: nc,
  },
  {
    name: 'forward',
    summary: 'forward ports into a network, or out of it',
    group: 'Traffic',
    command: forward,
  },
  {
    name: 'proxy',
    summary: 'run a SOCKS5 or HTTP proxy into a network',
    group: 'Traffic',
    command: proxy,
  },
  {
    name: 'serve',
    summary: 'show the files of a directory to the members of a network',
    group: 'Traffic',
    command: serve,
  },
  {
    name: 'ping',
    summary: 'send echo requests to a member',
    group: 'Traffic',
    command: ping,
  },
  {
    name: 'trace',
    summary: 'tell by which way packets get to a member, and why',
    group: 'Traffic',
    command: trace,
  },
  {
    name: 'dump',
    summary: 'show or capture the traffic of a network',
    group: 'Traffic',
    command: dump,
  },
  {
    name: 'replay',
    summary: 'play a recording of a virtual network again',
    group: 'Traffic',
    command: replay,
  },
  {
    name: 'idtool',
    summary: 'make, check and use identities; sign moons',
    group: 'Roles',
    command: idtool,
  },
  {
    name: 'planet',
    summary: "sign a planet with roots of one's own, or show one",
    group: 'Roles',
    command: planet,
  },
  {
    name: 'root',
    summary: 'run a root',
    group: 'Roles',
    command: root,
  },
  {
    name: 'controller',
    summary: 'manage the networks that a service hosts',
    group: 'Roles',
    command: controller,
  },
  {
    name: 'completion',
    summary: 'print what completes this command line in bash or zsh',
    group: 'Help',
    command: completionOf(() => commands),
  },
]
