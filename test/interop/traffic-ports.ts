/** Ports of the real servers, on their host and in the virtual network alike. */
export const PORT = { echo: 7, ssh: 22, names: 53, web: 80, iperf: 5201, postgres: 5432, redis: 6379 } as const
/** Where the commands on the near host listen; nothing listens on `closed`, at the far end neither. */
export const NEAR = { socks: 1080, http: 8080, iperf: 15201, postgres: 15432, redis: 16379, closed: 9 } as const
