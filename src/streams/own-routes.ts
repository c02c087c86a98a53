import { ArgumentError } from './error.ts'
import type { IpPrefix, Route } from './snapshot.ts'

/** Routes that were added here beside those of the controller, one to each target. */
export class OwnRoutes {
  readonly #routes = new Map<string, Route>()

  get all(): readonly Route[] {
    return [...this.#routes.values()]
  }

  /** In the place of one to the same target that was added before. @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
  add(route: Route): void {
    const name = nameOf(route.target)
    if (!this.#routes.has(name) && this.#routes.size >= MOST_OWN_ROUTES)
      throw new ArgumentError(
        'ERR_ZT_INVALID_OPTION',
        `route to ${name} is one too many — remove one of the ${MOST_OWN_ROUTES} that were added`,
      )
    this.#routes.set(name, route)
  }

  /** Whether there was one. */
  remove(target: IpPrefix): boolean {
    return this.#routes.delete(nameOf(target))
  }
}

const nameOf = ({ address, bits }: IpPrefix): string => `${address}/${bits}`

const MOST_OWN_ROUTES = 128
