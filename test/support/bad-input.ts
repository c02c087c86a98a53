import { createNode } from 'rxzt'
import { udpLink } from 'rxzt/node'
import { fixtures } from 'rxzt/testing'
import { expect, it } from 'vitest'

/** What callers do wrong, and what the error has to say: the class, its code, and the field, the value and the cure. */
export type Row = readonly [name: string, call: () => unknown, className: string, code: string, message: RegExp]

export const [first, second] = [fixtures.identities[5]!, fixtures.identities[6]!]
export const publicHalf = first.split(':').slice(0, 3).join(':')
export const mixed = `${publicHalf}:${second.split(':')[3]}`
/** Values of types that the compiler would refuse. */
export const wrong = (value: unknown): never => value as never
export const link = () => udpLink({ address: '127.0.0.1', port: 0, secondary: false })
export const start = (options: Record<string, unknown>) => createNode({ identity: first, link: link(), ...options })

export const expectError = async (
  call: () => unknown,
  className: string,
  code: string,
  message: RegExp,
): Promise<void> => {
  const error: unknown = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  expect(error).toMatchObject({ name: className, code, message: expect.stringMatching(message) })
}
export const table = (rows: readonly Row[], until: (call: () => unknown) => unknown = (call) => call()): void => {
  it.each(rows)('%s', (_name, call, className, code, message) =>
    expectError(() => until(call), className, code, message),
  )
}

export const OPTION = ['ArgumentError', 'ERR_ZT_INVALID_OPTION'] as const
export const ID = ['ArgumentError', 'ERR_ZT_INVALID_ID'] as const
export const ADDRESS = ['ArgumentError', 'ERR_ZT_INVALID_ADDRESS'] as const
export const IDENTITY = ['NodeError', 'ERR_ZT_IDENTITY_INVALID'] as const
