import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BridgePort } from 'rxzt'

/** Makes a TAP interface in a network namespace and joins it to a bridge port; resolves when it is there. */
export const joinTap = (port: BridgePort, namespace: string, device: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const program = fileURLToPath(new URL('./tap.py', import.meta.url))
    const tap = spawn('ip', ['netns', 'exec', namespace, 'python3', program, device], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    tap.once('error', reject).once('exit', () => reject(new Error(`there is no ${device}`)))
    process.once('exit', () => tap.kill())
    let waiting = Buffer.alloc(0)
    tap.stdout.on('data', (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes])
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const length = waiting.readUInt16BE(0)
        if (length === 0) resolve()
        else port.send(waiting.subarray(2, 2 + length))
        waiting = waiting.subarray(2 + length)
      }
    })
    port.incoming$.subscribe((frame) => {
      const framed = Buffer.alloc(2 + frame.length)
      framed.writeUInt16BE(frame.length)
      framed.set(frame, 2)
      tap.stdin.write(framed)
    })
  })
