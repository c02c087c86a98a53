import { generateIdentity, type Identity } from 'rxzt'
import { createPlanet, createSigningKey } from 'rxzt/controller'
import type { NativeNode, OurNode } from './namespaces.ts'
import { RoutedSegment } from './routed-segment.ts'
import { type Make, type Station, startRoot, stationOf } from './station.ts'

export interface SceneSpec {
  readonly root: Make
  readonly a: Make
  readonly b: Make
  /** Which of the two hosts sit behind a router of their own, and how it chooses ports. */
  readonly behind?: readonly ('a' | 'b')[]
  readonly ports?: 'kept' | 'random'
}

/** A root and two stations on a segment of their own. */
export class Scene {
  readonly segment = new RoutedSegment()
  readonly spec: SceneSpec
  readonly identities: Readonly<Record<'root' | 'a' | 'b', Identity>>
  readonly planet: Uint8Array
  readonly a: Station
  readonly b: Station
  root!: OurNode | NativeNode

  private constructor(spec: SceneSpec, identities: Scene['identities']) {
    this.spec = spec
    this.identities = identities
    const { segment } = this
    const address = segment.host('r')
    for (const name of ['a', 'b'] as const)
      if (spec.behind?.includes(name)) {
        segment.router(`n${name}`, spec.ports ?? 'kept')
        segment.behind(name, `n${name}`)
      } else segment.host(name)
    this.planet = createPlanet({
      id: 7_000_000_001n,
      timestamp: BigInt(Date.now()),
      roots: [{ identity: identities.root.public, endpoints: [{ address, port: 9993 }] }],
      signingKey: createSigningKey(),
    })
    const { planet } = this
    this.a = stationOf(spec.a, { segment, host: 'a', identity: identities.a, planet })
    this.b = stationOf(spec.b, { segment, host: 'b', identity: identities.b, planet })
  }

  /** The root runs; the stations are yet to be started. */
  static async open(spec: SceneSpec): Promise<Scene> {
    const [root, a, b] = [await generateIdentity(), await generateIdentity(), await generateIdentity()]
    const scene = new Scene(spec, { root, a, b })
    try {
      await scene.startRoot()
    } catch (error) {
      await scene.segment.close()
      throw error
    }
    return scene
  }

  /** Resolves with the time at which it was started. */
  async startRoot(): Promise<number> {
    const { segment, identities, planet, spec } = this
    const { root, startedAt } = await startRoot(spec.root, { segment, host: 'r', identity: identities.root, planet })
    this.root = root
    return startedAt
  }

  /** Says what was measured, in ms. */
  tell(what: string, ms: number): void {
    const { root, a, b, behind = [], ports = '' } = this.spec
    const nat = behind.length === 0 ? '' : ` behind ${behind.join('+')} ${ports}`
    console.log(`[${root} root, ${a}-${b}${nat}] ${what}: ${ms.toFixed(0)} ms`)
  }

  async close(): Promise<void> {
    for (const station of [this.a, this.b]) await station.kill().catch(() => undefined)
    await this.segment.close()
  }
}
