import { CommandFailure, failureOf } from '../../failure.ts'

/** An error of `connect`, `listen`, `resolve` or `ping`, with what to do about it; others as they are. */
export const connectFailure = (error: unknown): CommandFailure => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const cure = CURES[code]
  if (cure !== undefined && error instanceof Error && !error.message.includes(' — '))
    return new CommandFailure(error.message, cure, 1, { cause: error })
  const failure = failureOf(error)
  // what is an option of the library is one of the command too
  const ours = failure.cure.replace('pass dns to join()', 'name a server with --dns')
  return ours === failure.cure ? failure : new CommandFailure(failure.message, ours, failure.code, { cause: error })
}

const CURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: check the port, and that the program runs',
  ECONNRESET: 'the other end broke the connection off: look at its log',
  ETIMEDOUT: 'nobody answers: `rxzt trace` tells whether the host is there and how it is reached',
  EHOSTUNREACH: 'no member has this address: check it, and that the member is online',
  ENETUNREACH: 'no route of the network leads there: `rxzt networks -j` shows those that there are',
  ENOTFOUND: 'no name server of the network knows the name: check it, name a server with --dns, or use the address',
  EAI_AGAIN: 'no name server of the network answers: try again, or use the address',
  EADDRINUSE: 'something on this node has the port already: choose another, or end that command',
  EADDRNOTAVAIL: 'listen on an address that this node has in the network: `rxzt networks` shows them',
  EPIPE: 'the other end has closed the connection: look at its log',
}
