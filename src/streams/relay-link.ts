import type { Observable } from 'rxjs'
import type { Link } from './link.ts'

/** A link through a tunnel, which stands only while somebody wants it to. */
export interface RelayLink extends Omit<Link, 'local$'> {
  readonly connected: boolean
  /** The present state on subscription, then each change; a failed attempt says `false` again. */
  readonly connected$: Observable<boolean>
  /** Begins to connect, once: whoever wants another attempt asks again. */
  connect(): void
  disconnect(): void
}
