import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PORT } from './traffic-ports.ts'
import { DOMAIN, type TrafficScene } from './traffic-scene.ts'

const POSTGRES = '/usr/lib/postgresql'
/** Servers are not always where shells look for programs. */
const places = [
  ...(process.env['PATH'] ?? '').split(':'),
  '/usr/sbin',
  ...(existsSync(POSTGRES) ? readdirSync(POSTGRES).map((version) => join(POSTGRES, version, 'bin')) : []),
]

/** Where a program is. */
export const whereIs = (name: string): string | undefined =>
  places.map((place) => join(place, name)).find((path) => existsSync(path))

/** The real servers of the far host, each with files of its own in a folder. */
export const servers = (scene: TrafficScene, folder: string) => {
  const far = (command: string, ...args: readonly string[]) =>
    scene.program('far', whereIs(command) ?? command, ...args)
  const path = (name: string): string => join(folder, name)
  const write = (name: string, ...lines: readonly string[]): string => {
    writeFileSync(path(name), `${lines.join('\n')}\n`)
    return path(name)
  }

  return {
    /** UDP: an echo, and the name server that the controller tells members of. */
    datagrams: async (): Promise<void> => {
      const file = fileURLToPath(new URL('./traffic-datagrams.ts', import.meta.url))
      const program = far(process.execPath, '--import', 'tsx', file, DOMAIN, scene.ip4)
      await program.line(/^listening/)
    },

    /** With keys of its own; `options` are what a client needs to be let in by this server alone. */
    ssh: async (): Promise<{ readonly options: readonly string[]; readonly user: string }> => {
      for (const name of ['host', 'user'])
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(`ssh-${name}`)])
      const config = write(
        'sshd.conf',
        `Port ${PORT.ssh}`,
        `HostKey ${path('ssh-host')}`,
        `AuthorizedKeysFile ${path('ssh-user.pub')}`,
        'PermitRootLogin prohibit-password',
        'StrictModes no',
        'UsePAM no',
        'PidFile none',
      )
      // its folder for those that are not logged in yet is made on a file system that ends with it
      const prepare = `mount -t tmpfs none /run && mkdir /run/sshd && exec ${whereIs('sshd')} -D -f ${config}`
      far('sh', '-c', prepare)
      await scene.listens(PORT.ssh)
      const known = write('known_hosts', `far ${readFileSync(path('ssh-host.pub'), 'utf8').trim()}`)
      const settings = {
        UserKnownHostsFile: known,
        StrictHostKeyChecking: 'yes',
        HostKeyAlias: 'far',
        IdentitiesOnly: 'yes',
        BatchMode: 'yes',
      }
      const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
      return { options: ['-F', 'none', '-i', path('ssh-user'), ...options], user: userInfo().username }
    },

    /** Whoever comes is the owner of the database `postgres`. It does not run as root, nor do its files belong to it. */
    postgres: async (user: string): Promise<void> => {
      const data = path('postgres')
      mkdirSync(data)
      execFileSync('chown', [`${NOBODY}:${NOBODY}`, data])
      const asNobody = ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups']
      const init = [whereIs('initdb')!, '-D', data, '-U', user, '-A', 'trust', '--no-sync']
      execFileSync('setpriv', [...asNobody, ...init], { stdio: 'ignore', cwd: folder })
      writeFileSync(join(data, 'pg_hba.conf'), 'host all all 0.0.0.0/0 trust\n')
      const settings = { listen_addresses: '*', unix_socket_directories: '', fsync: 'off' }
      const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
      far('setpriv', ...asNobody, whereIs('postgres')!, '-D', data, '-p', `${PORT.postgres}`, ...options)
      await scene.listens(PORT.postgres)
    },

    redis: async (): Promise<void> => {
      const open = ['--bind', '0.0.0.0', '--protected-mode', 'no', '--save', '', '--dir', folder]
      far('redis-server', '--port', `${PORT.redis}`, ...open)
      await scene.listens(PORT.redis)
    },

    iperf: async (): Promise<void> => {
      far('iperf3', '-s', '-p', `${PORT.iperf}`)
      await scene.listens(PORT.iperf)
    },
  }
}

/** The user and the group that own nothing, by number: their names differ between systems. */
const NOBODY = '65534'
