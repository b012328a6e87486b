import type { Action, DayPicture, LogEntry, Picture } from '../picture.js'
import { SITES, type SiteName } from '../routes.js'
import { Child } from './child.js'
import type { Options } from './options.js'
import type { SiteEngines } from './site-engines.js'

const MAX_LOG = 100
const SERVICES = ['feed', 'pricing', 'orders'] as const
/** Where sites listen if they can. */
const FIRST_SITE_PORT = 4101

/** All processes of the example: two sites, and the feed, pricing and orders that live off them. */
export class Company {
  readonly #options: Options
  readonly #origins: string
  readonly #engines: SiteEngines
  readonly #run = Date.now()
  readonly #watchers = new Set<(picture: Picture) => void>()
  readonly #ports = new Map<SiteName, number>()
  readonly #sites: ReadonlyMap<SiteName, Child>
  readonly #services: ReadonlyMap<(typeof SERVICES)[number], Child>
  #listening: () => void = () => {}
  #day: DayPicture | undefined
  #log: readonly LogEntry[] = []
  #entries = 0

  /** `origins`: where the page is served from. `engines` are stopped with the rest. */
  constructor(options: Options, origins: readonly string[], engines: SiteEngines) {
    this.#options = options
    this.#origins = origins.join(' ')
    this.#engines = engines
    this.#sites = new Map(SITES.map((name) => [name, this.#site(name)]))
    this.#services = new Map(SERVICES.map((name) => [name, this.#service(name)]))
  }

  /** Resolves when both sites listen and the services were started. */
  async start(): Promise<void> {
    for (const site of SITES) await this.#startSite(site)
    for (const [name, child] of this.#services) {
      const pid = await child.start(this.#serviceEnv())
      console.log(`${name} pid ${pid}`)
    }
  }

  /** Resolves when every process that was started here has ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.#services.values()].map((child) => child.stop()))
    await Promise.all([...this.#sites.values()].map((child) => child.stop()))
    await this.#engines.stop()
  }

  async act(site: SiteName, action: Action): Promise<void> {
    const child = this.#sites.get(site)
    await this.#engines.act(site, action)
    switch (action) {
      case 'kill':
        return child?.kill()
      case 'hang':
        return child?.hang()
      case 'resume':
        return child?.resume()
      case 'restart':
        return this.#startSite(site)
      default:
        action satisfies never
    }
  }

  tellFeed(what: 'storm' | 'finish'): void {
    this.#services.get('feed')?.say(what)
    this.#note(what === 'storm' ? 'Storm: ten seconds at twenty times the rate' : 'The day is brought to its close')
  }

  watch(watcher: (picture: Picture) => void): () => void {
    this.#watchers.add(watcher)
    watcher(this.picture())
    return () => this.#watchers.delete(watcher)
  }

  picture(): Picture {
    const show = (name: string, child: Child) => ({ name, state: child.state.at, pid: child.pid })
    return {
      run: this.#run,
      quotes: this.#options.quotes,
      token: this.#options.pageToken,
      sites: [...this.#sites].map(([name, child]) => ({ ...show(name, child), url: this.#url(name) })),
      services: [...this.#services].map(([name, child]) => show(name, child)),
      day: this.#day,
      log: this.#log,
    }
  }

  #site(name: SiteName): Child {
    return new Child(name, './site.js', {
      change: (reason) => this.#note(reason, name),
      message: (message) => {
        if (!isListening(message)) return
        this.#ports.set(name, message.port)
        this.#listening()
      },
    })
  }

  #service(name: string): Child {
    return new Child(name, `./${name}.js`, {
      change: (reason) => this.#note(`${name} ${reason}`),
      message: (message) => {
        if (isDay(message)) this.#day = { ...message, failed: this.#day?.failed ?? 0 }
        else if (isClosed(message) && this.#day) this.#day = { ...this.#day, failed: message.failed }
        this.#tell()
      },
    })
  }

  async #startSite(name: SiteName): Promise<void> {
    const child = this.#sites.get(name)
    if (child === undefined || child.state.at !== 'down') return
    const listening = new Promise<void>((resolve) => {
      this.#listening = resolve
    })
    const pid = await child.start({
      SITE: name,
      ENGINE: this.#engines.endpoint(name),
      SITE_PORT: String(this.#ports.get(name) ?? FIRST_SITE_PORT + SITES.indexOf(name)),
      // A port of the first start is kept: clients know it by now.
      PORT_IS: this.#ports.has(name) ? 'known' : 'wished',
      SERVICE_TOKEN: this.#options.serviceToken,
      PAGE_TOKEN: this.#options.pageToken,
      ORIGINS: this.#origins,
    })
    await listening
    console.log(`site ${name} pid ${pid} ${this.#url(name)}`)
    this.#tell()
  }

  #serviceEnv(): Record<string, string> {
    const { quotes, serviceToken, ticks, daySeconds, pauseSeconds } = this.#options
    return {
      ...Object.fromEntries(SITES.map((name) => [`${name.toUpperCase()}_URL`, this.#url(name)])),
      QUOTES_POLICY: quotes,
      SERVICE_TOKEN: serviceToken,
      TICKS: String(ticks),
      DAY_SECONDS: String(daySeconds),
      PAUSE_MS: String(pauseSeconds * 1_000),
    }
  }

  #url(name: SiteName): string {
    return `ws://127.0.0.1:${this.#ports.get(name) ?? 0}`
  }

  #note(text: string, site?: SiteName): void {
    this.#entries += 1
    this.#log = [...this.#log, { id: this.#entries, at: Date.now(), text, site }].slice(-MAX_LOG)
    this.#tell()
  }

  #tell(): void {
    const picture = this.picture()
    for (const watcher of this.#watchers) watcher(picture)
  }
}

function isListening(message: unknown): message is { readonly port: number } {
  return isObject(message) && message['type'] === 'listening' && typeof message['port'] === 'number'
}

function isDay(message: unknown): message is Omit<DayPicture, 'failed'> {
  return isObject(message) && message['type'] === 'day'
}

function isClosed(message: unknown): message is { readonly failed: number } {
  return isObject(message) && message['type'] === 'closed' && typeof message['failed'] === 'number'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
