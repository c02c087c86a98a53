import { execFileSync } from 'node:child_process'
import { Segment } from './namespaces.ts'

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' })

/** A segment with routers on it that hide hosts: source NAT by nftables, and nothing unasked for gets in. */
export class RoutedSegment extends Segment {
  private inside = 0

  /** Adds a router that takes the outer port of each mapping by chance, or keeps the inner one as Linux does. */
  router(name: string, ports: 'kept' | 'random'): string {
    const address = this.host(name)
    this.run(name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
    for (const rule of [
      'add table ip nat',
      'add chain ip nat out { type nat hook postrouting priority 100 ; }',
      `add rule ip nat out oif eth0 masquerade ${ports === 'random' ? 'random,fully-random' : ''}`,
      // what is refused without an answer leaves no mapping behind that would take the port of a later one
      'add chain ip nat guard { type filter hook input priority 0 ; }',
      'add rule ip nat guard iif eth0 ct state new drop',
    ])
      this.run(name, 'nft', rule)
    return address
  }

  /** Adds a host behind a router and returns its address, which nobody outside can reach. */
  behind(name: string, router: string): string {
    const net = `192.168.${++this.inside}`
    ip('netns', 'add', this.ns(name))
    ip('-n', this.ns(name), 'link', 'set', 'lo', 'up')
    ip(
      '-n',
      this.ns(name),
      'link',
      'add',
      'eth0',
      'type',
      'veth',
      'peer',
      'name',
      `in${name}`,
      'netns',
      this.ns(router),
    )
    ip('-n', this.ns(router), 'addr', 'add', `${net}.1/24`, 'dev', `in${name}`)
    ip('-n', this.ns(router), 'link', 'set', `in${name}`, 'up')
    ip('-n', this.ns(name), 'addr', 'add', `${net}.2/24`, 'dev', 'eth0')
    ip('-n', this.ns(name), 'link', 'set', 'eth0', 'up')
    ip('-n', this.ns(name), 'route', 'add', 'default', 'via', `${net}.1`)
    this.hosts.set(name, `${net}.2`)
    return `${net}.2`
  }

  /** Gives a host another address; the old one is gone at once. */
  move(name: string): string {
    const address = `10.98.0.${200 + this.inside++}`
    ip('-n', this.ns(name), 'addr', 'flush', 'dev', 'eth0', 'scope', 'global')
    ip('-n', this.ns(name), 'addr', 'add', `${address}/24`, 'dev', 'eth0')
    this.hosts.set(name, address)
    return address
  }
}
