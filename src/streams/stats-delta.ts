import { asyncScheduler, interval, map, type Observable, pairwise, type SchedulerLike, startWith } from 'rxjs'
import type { Counts } from './counters.ts'

/**
 * How counters move: every `ms`, by how much each of them grew since the last time; those that stood still are left out.
 * Nothing is counted or kept while nobody is subscribed.
 *
 *     statsDelta$(network, 1000).subscribe(({ 'link/receivedBytes': bytes = 0 }) => console.log(bytes))
 */
export const statsDelta$ = (
  of: { readonly stats: Counts },
  ms: number,
  clock: SchedulerLike = asyncScheduler,
): Observable<Counts> =>
  interval(ms, clock).pipe(
    startWith(0),
    map(() => of.stats),
    pairwise(),
    map(([before, after]) => {
      const grown: Record<string, number> = {}
      for (const [name, value] of Object.entries(after)) {
        const by = value - (before[name] ?? 0)
        if (by !== 0) grown[name] = by
      }
      return grown
    }),
  )
