import { createHash, timingSafeEqual } from 'node:crypto'

/** The user and the password that clients of a proxy have to name. */
export class Login {
  readonly #digest: Uint8Array

  constructor(user: string, password: string) {
    this.#digest = digest(Buffer.from(user), Buffer.from(password))
  }

  /** Takes as long whatever is wrong. */
  isRight(user: Uint8Array, password: Uint8Array): boolean {
    return timingSafeEqual(digest(user, password), this.#digest)
  }
}

const digest = (user: Uint8Array, password: Uint8Array): Uint8Array =>
  createHash('sha256').update(`${user.length}:`).update(user).update(password).digest()
