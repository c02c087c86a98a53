/** What calls give where they give no count, descriptor, flag or value. */
export const result = {
  ZTS_ERR_OK: 0,
  /** A socket call failed; `errno` says why. */
  ZTS_ERR_SOCKET: -1,
  /** The node is not in the state that the call wants: not started, or started already. */
  ZTS_ERR_SERVICE: -2,
  ZTS_ERR_ARG: -3,
  ZTS_ERR_NO_RESULT: -4,
  ZTS_ERR_GENERAL: -5,
} as const
