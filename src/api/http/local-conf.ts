import { isArray, isObject, type Json, type JsonObject } from '../../protocol/network/loose-json.ts'
import { StoreError } from '../../streams/error.ts'
import type { HomeFolder } from '../../streams/io/home-folder.ts'

/** `local.conf` of a home directory: settings of this machine, ours and those of other programs. */
export class LocalConf {
  readonly #home: HomeFolder | undefined
  #conf: JsonObject

  private constructor(home: HomeFolder | undefined, conf: JsonObject) {
    this.#home = home
    this.#conf = conf
  }

  /** @throws {StoreError} `ERR_ZT_STORE_CORRUPT`: to go on would mean to replace what somebody wrote */
  static async read(home: HomeFolder | undefined): Promise<LocalConf> {
    const text = await home?.read(FILE)
    if (text === undefined || text.trim() === '') return new LocalConf(home, {})
    try {
      const found: Json = JSON.parse(text)
      if (isObject(found)) return new LocalConf(home, found)
    } catch {
      // said below
    }
    const error = `${home?.path}/${FILE} is no JSON object — correct it, or delete it`
    throw new StoreError('ERR_ZT_STORE_CORRUPT', undefined, error)
  }

  get json(): JsonObject {
    return this.#conf
  }
  get settings(): JsonObject {
    const { settings } = this.#conf
    return isObject(settings) ? settings : {}
  }
  /** Where besides this machine the API may be asked from. */
  get allowManagementFrom(): readonly string[] {
    const list = this.settings['allowManagementFrom']
    return isArray(list) ? list.filter((one) => typeof one === 'string') : []
  }

  /** Each key replaces the one of its name. @throws {StoreError} */
  async change(settings: JsonObject): Promise<void> {
    const after = { ...this.#conf, settings: { ...this.settings, ...settings } }
    await this.#home?.write(FILE, JSON.stringify(after, null, 4))
    this.#conf = after
  }
}

const FILE = 'local.conf'
