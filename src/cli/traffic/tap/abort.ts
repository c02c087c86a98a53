import { Observable } from 'rxjs'

/** Emits once when a signal aborts, or at once if it has. */
export const abort$ = (signal: AbortSignal): Observable<void> =>
  new Observable((out) => {
    const abort = (): void => {
      out.next()
      out.complete()
    }
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  })
