import { central } from './constant/central.ts'
import { event, state } from './constant/event.ts'
import { network } from './constant/network.ts'
import { option } from './constant/option.ts'
import { result } from './constant/result.ts'
import { socket } from './constant/socket.ts'
import { statistics } from './constant/statistics.ts'
import { errno } from './errno.ts'

/** Every constant of the headers, by its name there. */
export const constants = {
  ...result,
  ...errno,
  ...event,
  ...state,
  ...network,
  ...socket,
  ...option,
  ...statistics,
  ...central,
} as const
