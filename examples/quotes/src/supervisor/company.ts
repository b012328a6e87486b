import type { Action, DayPicture, EngineAction, Happening, LogEntry, News, Picture } from '../picture.js'
import { SITES, type SiteName } from '../routes.js'
import { Child } from './child.js'
import { isClosed, isDay, isNews } from './messages.js'
import type { Options } from './options.js'
import { Site } from './site.js'
import type { SiteEngines } from './site-engines.js'

const MAX_LOG = 100
const SERVICES = ['feed', 'pricing', 'orders'] as const
/** Where clients find the sites if these are free. */
const FIRST_SITE_PORT = 4101
const LOOK_MS = 250

type LogContent = Happening | (News & { readonly who: string })

/** All processes of the example: two sites, and the feed, pricing and orders that live off them. */
export class Company {
  readonly #options: Options
  readonly #origins: string
  readonly #engines: SiteEngines
  readonly #run = Date.now()
  readonly #watchers = new Set<(picture: Picture) => void>()
  readonly #sites = new Map<SiteName, Site>()
  readonly #services: ReadonlyMap<(typeof SERVICES)[number], Child>
  #looking: NodeJS.Timeout | undefined
  #day: DayPicture | undefined
  #log: readonly LogEntry[] = []
  #entries = 0

  /** `origins`: where the page is served from. `engines` are stopped with the rest. */
  constructor(options: Options, origins: readonly string[], engines: SiteEngines) {
    this.#options = options
    this.#origins = origins.join(' ')
    this.#engines = engines
    this.#services = new Map(SERVICES.map((name) => [name, this.#service(name)]))
  }

  /** Resolves when both sites listen and the services were started. */
  async start(): Promise<void> {
    for (const [at, name] of SITES.entries()) {
      const hear = (text: string, isFault: boolean): void =>
        this.#note({ kind: 'happening', text, site: name, isFault })
      const site = await Site.open(name, FIRST_SITE_PORT + at, this.#engines, hear)
      this.#sites.set(name, site)
      await this.#startSite(site)
    }
    this.#looking = setInterval(() => {
      for (const site of this.#sites.values()) site.look()
    }, LOOK_MS)
    for (const [name, child] of this.#services) {
      const pid = await child.start(this.#serviceEnv())
      console.log(`${name} pid ${pid}`)
    }
  }

  /** Resolves when every process that was started here has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#looking)
    await Promise.all([...this.#services.values()].map((child) => child.stop()))
    await Promise.all([...this.#sites.values()].map((site) => site.stop()))
    await this.#engines.stop()
  }

  async act(name: SiteName, action: Action): Promise<void> {
    const site = this.#sites.get(name)
    if (action !== 'restart') return site?.act(action)
    await site?.actOnEngine(action)
    if (site) await this.#startSite(site)
  }

  async actOnEngine(name: SiteName, action: EngineAction): Promise<void> {
    await this.#sites.get(name)?.actOnEngine(action)
  }

  tellFeed(what: 'storm' | 'finish'): void {
    this.#services.get('feed')?.say(what)
    const text = what === 'storm' ? 'Storm: ten seconds at twenty times the rate' : 'The day is brought to its close'
    this.#note({ kind: 'happening', text, site: undefined, isFault: false })
  }

  watch(watcher: (picture: Picture) => void): () => void {
    this.#watchers.add(watcher)
    watcher(this.picture())
    return () => this.#watchers.delete(watcher)
  }

  picture(): Picture {
    return {
      run: this.#run,
      quotes: this.#options.quotes,
      token: this.#options.pageToken,
      sites: [...this.#sites.values()].map((site) => site.picture()),
      services: [...this.#services].map(([name, { pid, state }]) => ({ name, state: state.at, pid })),
      day: this.#day,
      log: this.#log,
    }
  }

  #service(name: string): Child {
    return new Child(name, `./${name}.js`, {
      change: (reason) => this.#note({ kind: 'happening', text: `${name} ${reason}`, site: undefined, isFault: false }),
      message: (message) => {
        if (isNews(message)) return this.#note({ ...message.news, who: name })
        if (isDay(message)) this.#day = { ...message, failed: this.#day?.failed ?? 0 }
        else if (isClosed(message) && this.#day) this.#day = { ...this.#day, failed: message.failed }
        this.#tell()
      },
    })
  }

  async #startSite(site: Site): Promise<void> {
    const { pageToken, serviceToken } = this.#options
    await site.start({ SERVICE_TOKEN: serviceToken, PAGE_TOKEN: pageToken, ORIGINS: this.#origins })
    this.#tell()
  }

  #serviceEnv(): Record<string, string> {
    const { quotes, serviceToken, ticks, daySeconds, pauseSeconds } = this.#options
    return {
      ...Object.fromEntries([...this.#sites].map(([name, { url }]) => [`${name.toUpperCase()}_URL`, url])),
      QUOTES_POLICY: quotes,
      SERVICE_TOKEN: serviceToken,
      TICKS: String(ticks),
      DAY_SECONDS: String(daySeconds),
      PAUSE_MS: String(pauseSeconds * 1_000),
    }
  }

  #note(what: LogContent): void {
    this.#entries += 1
    const at = what.kind === 'happening' ? Date.now() : what.at
    this.#log = [...this.#log, { id: this.#entries, ...what, at }].slice(-MAX_LOG)
    this.#tell()
  }

  #tell(): void {
    const picture = this.picture()
    for (const watcher of this.#watchers) watcher(picture)
  }
}
