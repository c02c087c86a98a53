import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Recording, Scenario } from '../../../api/recording.ts'
import { printAddress } from '../../../protocol/kernel/id.ts'
import { cipherOf, classify, destinationOf, sourceOf, verbOf } from '../../../protocol/packet/header.ts'
import { verbName } from '../../../protocol/verb/verb-code.ts'
import { replay } from '../../../testing.node.ts'
import { fail } from '../../failure.ts'
import { printPlace } from '../tunnel/host-listener.ts'

type RecordedDatagram = Recording['datagrams'][number]

/** A recorded datagram in a line: when, from where to where, how much, and what can be read of it without keys. */
export const datagramLine = ({ at, from, to, data }: RecordedDatagram, start: number): string => {
  const time = `${(at - start).toFixed(3)} ms`.padStart(14)
  const between = `${printPlace({ host: from.address, port: from.port })} → ${printPlace({ host: to.address, port: to.port })}`
  return `${time}  ${between}  ${data.length} bytes  ${inside(data)}`
}

const inside = (data: Uint8Array): string => {
  const kind = classify(data)
  if (kind === 'fragment') return `fragment to ${printAddress(destinationOf(data))}`
  if (kind !== 'packet') return kind
  const suite = cipherOf(data)
  // under other suites the verb is encrypted
  const verb =
    suite === 0
      ? (verbName(verbOf(data))
          ?.replace(/(?!^)[A-Z]/g, '_$&')
          .toUpperCase() ?? 'unknown verb')
      : `suite ${suite}`
  return `${verb} ${printAddress(sourceOf(data))} → ${printAddress(destinationOf(data))}`
}

/** The scenario that a module exports. */
export const loadScenario = async (path: string): Promise<Scenario> => {
  const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(resolve(path)).href).catch(
    (cause: unknown) =>
      fail(
        `${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
        'name a JavaScript module that exports the scenario',
        { cause },
      ),
  )
  const scenario = module['default'] ?? module['scenario']
  return typeof scenario === 'function'
    ? (scenario as Scenario)
    : fail(`${path} exports no scenario`, 'export it as default: export default async (net) => { … }')
}

export interface Again {
  /** The last events of all nodes. */
  readonly timeline: string
  /** Where the wire differed first; `undefined` if it did not. */
  readonly difference: string | undefined
  /** What the scenario failed with. */
  readonly failure: string | undefined
}

export const playAgain = async (recording: Recording, scenario: Scenario): Promise<Again> => {
  let timeline = ''
  let failure: string | undefined
  const watched: Scenario = async (net) => {
    try {
      await scenario(net)
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error)
      throw error
    } finally {
      timeline = net.timeline
    }
  }
  try {
    await replay(recording, watched)
    return { timeline, failure, difference: undefined }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { timeline, failure, difference: message.replace(/^the wire is not as recorded — /, '') }
  }
}
