import { asyncScheduler, interval, map, type Observable, pairwise, type SchedulerLike, startWith } from 'rxjs'
import type { Counts } from './counters.ts'
import { isRecord, refuse } from './option.ts'

/**
 * How counters move: every `ms`, by how much each of them grew since the last time; those that stood still are left out.
 * Nothing is counted or kept while nobody is subscribed.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`
 *
 *     statsDelta$(network, 1000).subscribe(({ 'link/receivedBytes': bytes = 0 }) => console.log(bytes))
 *     statsDelta$(() => node.stats.vl1, 1000).subscribe(({ 'relayed/sentBytes': bytes = 0 }) => console.log(bytes))
 */
export const statsDelta$ = (
  of: { readonly stats: Counts } | (() => Counts),
  ms: number,
  clock: SchedulerLike = asyncScheduler,
): Observable<Counts> => {
  if (!isRecord(of) && typeof of !== 'function')
    refuse('of', of, 'pass a network, anything else with stats, or what gives them')
  if (!(typeof ms === 'number' && ms >= 1)) refuse('ms', ms, 'use a time of 1 ms or more')
  return interval(ms, clock).pipe(
    startWith(0),
    map(() => (typeof of === 'function' ? of() : of.stats)),
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
}
