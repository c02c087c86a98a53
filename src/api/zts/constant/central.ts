/** Of the calls to the hosted controller. */
export const central = {
  ZTS_CENTRAL_DEFAULT_URL: 'https://my.zerotier.com',
  ZTS_CENTRAL_MAX_URL_LEN: 128,
  /** As older headers spell it. */
  ZTS_CENRTAL_MAX_URL_LEN: 128,
  ZTS_CENTRAL_TOKEN_LEN: 32,
  ZTS_CENTRAL_RESP_BUF_DEFAULT_SZ: 131_072,
  ZTS_CENTRAL_NODE_AUTH_FALSE: 0,
  ZTS_CENTRAL_NODE_AUTH_TRUE: 1,
  ZTS_CENTRAL_READ: 1,
  ZTS_CENTRAL_WRITE: 2,
  ZTS_HTTP_GET: 0,
  ZTS_HTTP_POST: 1,
  ZTS_HTTP_DELETE: 2,
} as const
