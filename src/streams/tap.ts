import { Observable, Subject } from 'rxjs'

/** A stream that is fed only while somebody looks. */
export class Tap<T> {
  readonly item$: Observable<T>
  #subject: Subject<T>
  #lookers = 0
  #ended = false

  /** `turn` says when the first begins to look and the last ceases; `make` what the items go through meanwhile. */
  constructor(turn: (on: boolean) => void, make: () => Subject<T> = () => new Subject()) {
    this.#subject = make()
    this.item$ = new Observable((out) => {
      if (this.#ended) {
        out.complete()
        return
      }
      const isFirst = this.#lookers++ === 0
      if (isFirst) this.#subject = make()
      const looking = this.#subject.subscribe(out)
      if (isFirst) turn(true)
      return () => {
        looking.unsubscribe()
        if (--this.#lookers === 0 && !this.#ended) turn(false)
      }
    })
  }

  next(item: T): void {
    this.#subject.next(item)
  }

  /** Completes for those who look and those who will. */
  end(): void {
    this.#ended = true
    this.#subject.complete()
  }
}
