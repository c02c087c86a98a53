/** How often each thing happened, by name. */
export type Counts = Readonly<Record<string, number>>

export class Counters {
  readonly #counts = new Map<string, number>()

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  get counts(): Counts {
    return Object.fromEntries(this.#counts)
  }
}
