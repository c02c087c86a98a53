import type { StateStore } from '../../streams/store.ts'
import type { StoreAnswer, StoreQuestion } from './message.ts'
import { plainError, revivedError } from './plain-error.ts'
import { Questions } from './thread-port.ts'

/** A store that is on the other thread. */
export class RemoteStore implements StateStore {
  readonly #questions = new Questions()
  readonly #send: (question: StoreQuestion) => void

  constructor(send: (question: StoreQuestion) => void) {
    this.#send = send
  }

  get: StateStore['get'] = (key) => this.#ask((number) => ({ _tag: 'Store', number, op: 'get', key }))
  set: StateStore['set'] = (key, value) => this.#ask((number) => ({ _tag: 'Store', number, op: 'set', key, value }))
  delete: StateStore['delete'] = (key) => this.#ask((number) => ({ _tag: 'Store', number, op: 'delete', key }))
  list: StateStore['list'] = (kind) => this.#ask((number) => ({ _tag: 'Store', number, op: 'list', kind }))
  open = (): Promise<void> => this.#ask((number) => ({ _tag: 'Store', number, op: 'open' }))
  close = (): Promise<void> => this.#ask((number) => ({ _tag: 'Store', number, op: 'close' }))

  hear({ number, value, error }: StoreAnswer): void {
    if (error === undefined) this.#questions.answer(number, value)
    else this.#questions.refuse(number, revivedError(error))
  }

  #ask<T>(question: (number: number) => StoreQuestion): Promise<T> {
    return this.#questions.ask((number) => this.#send(question(number)))
  }
}

/** The other end of it: asks the store that is here. */
export const answerFrom = async (store: StateStore, question: StoreQuestion): Promise<StoreAnswer> => {
  const { number } = question
  try {
    return { _tag: 'Stored', number, value: await asked(store, question) }
  } catch (error) {
    return { _tag: 'Stored', number, error: plainError(error) }
  }
}

const asked = (store: StateStore, question: StoreQuestion): Promise<unknown> | undefined => {
  switch (question.op) {
    case 'get':
      return store.get(question.key)
    case 'set':
      return store.set(question.key, question.value)
    case 'delete':
      return store.delete(question.key)
    case 'list':
      return store.list(question.kind)
    case 'open':
      return store.open?.()
    case 'close':
      return store.close?.()
  }
}
