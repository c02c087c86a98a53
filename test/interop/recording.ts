import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Identity } from 'rxzt'
import { parseIdentity, type SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import { E } from '../../src/protocol/kernel/fp.ts'
import { capturedDatagrams } from '../support/captures.ts'
import { conversation } from '../support/conversation.ts'
import { eventually, pause, type Segment } from './namespaces.ts'

export type Recording = ReturnType<typeof recording>

/**
 * Records what a host sends and receives, and opens it with the secrets of all. Where RXZT_CAPTURE names a folder, the
 * recording stays there with the identities, which are thrown away with the network.
 */
export const recording = (
  segment: Segment,
  host: string,
  name: string,
  identities: Readonly<Record<string, Identity>>,
  most = 400,
) => {
  const file = join(segment.folder, `${name}.pcap`)
  const args = ['netns', 'exec', segment.ns(host), 'tcpdump', '-U', '-i', 'eth0', '-w', file, '-c', String(most), 'udp']
  const tcpdump = spawn('ip', args, { stdio: 'ignore' })
  const ended = new Promise((resolve) => tcpdump.once('exit', resolve))
  return {
    started: () =>
      eventually(
        'tcpdump',
        () => sizeOf(file),
        (size) => size > 0,
      ).then(() => pause(500)),
    stop: async () => {
      tcpdump.kill('SIGTERM')
      await ended
      const folder = process.env['RXZT_CAPTURE']
      if (folder !== undefined) {
        mkdirSync(join(folder, 'ids'), { recursive: true })
        copyFileSync(file, join(folder, `${name}.pcap`))
        for (const [who, one] of Object.entries(identities))
          writeFileSync(join(folder, 'ids', `${name}-${who}.secret`), one.exportSecret())
      }
      const secrets = Object.fromEntries(Object.entries(identities).map(([who, one]) => [who, secretOf(one)]))
      return conversation(capturedDatagrams(name, pathToFileURL(`${segment.folder}/`)), secrets)
    },
  }
}

const sizeOf = (file: string): number => {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}

const secretOf = (identity: Identity): SecretIdentity => {
  const one = parseIdentity(identity.exportSecret())
  if (E.isLeft(one) || one.right.secretKey === undefined) throw new Error('no secret identity')
  return { ...one.right, secretKey: one.right.secretKey }
}
