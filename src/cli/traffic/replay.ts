import { defineCommand } from '../command.ts'
import { fail } from '../failure.ts'
import { readBytes } from '../file.ts'

export const command = defineCommand<object, readonly [file: string, scenario: string | undefined]>({
  about: `A recording is what \`record\` of rxzt/testing keeps of a scenario in a virtual network: its seed and every datagram.
Alone, its datagrams are listed. With the module of the scenario (its default export, or one named \`scenario\`) it is
played again: the events of all nodes are shown, and whether the wire was the same, byte for byte and to the
microsecond. The exit code is 0 if it was, 1 if not; what the scenario itself fails with is told, and is no failure if
it is what was recorded.`,
  operands: [
    { name: '<file>', text: 'the recording', offers: 'files' },
    { name: '[scenario]', text: 'JavaScript module of the scenario', offers: 'files' },
  ],
  examples: [
    ['rxzt replay bug.pcapng', 'lists what was on the wire'],
    ['rxzt replay bug.pcapng ./scenario.js', 'plays it again, and compares'],
  ],
  async run(call) {
    const {
      operands: [path, module],
      out,
    } = call
    const bytes = await readBytes(path)
    const [{ readRecording }, { datagramLine, loadScenario, playAgain }] = await Promise.all([
      import('../../testing.node.ts'),
      import('./tap/recording.ts'),
    ])
    const recording = await Promise.resolve(bytes)
      .then(readRecording)
      .catch((cause: unknown) =>
        fail(`${path} is no recording`, 'name a file that record() of rxzt/testing gave', { cause }),
      )
    const { seed, failure, datagrams } = recording
    const failed = failure === undefined ? 'the scenario succeeded' : `the scenario failed: ${failure}`
    if (module === undefined) {
      const start = datagrams[0]?.at ?? 0
      out.line(`seed ${seed}, ${datagrams.length} datagrams; ${failed}`)
      out.document({ seed, datagrams: datagrams.length, failure })
      for (const one of datagrams) {
        const { at, from, to, data } = one
        out.result({ at: at - start, from, to, bytes: Buffer.from(data).toString('hex') }, datagramLine(one, start))
      }
      return 0
    }
    const scenario = await loadScenario(module)
    out.progress(`playing ${datagrams.length} datagrams`)
    const { timeline, difference, ...again } = await playAgain(recording, scenario)
    out.progress('')
    if (timeline !== '') out.line(timeline)
    const same = difference === undefined
    const verdict = same
      ? `the wire is as recorded: ${datagrams.length} datagrams, byte for byte; ${failed}`
      : `the wire is not as recorded: ${difference}`
    out.result({ same, seed, datagrams: datagrams.length, difference, failure: again.failure, timeline }, verdict)
    return same ? 0 : 1
  },
})
