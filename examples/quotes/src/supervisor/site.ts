import { Relay } from '@spanwire/testkit/network'
import type { Action, EngineAction, SitePicture } from '../picture.js'
import type { SiteName } from '../routes.js'
import { Child } from './child.js'
import type { SiteEngines } from './site-engines.js'

/** Who hears what becomes of a site. `isFault`: its clients have to do something about it. */
export type Hear = (text: string, isFault: boolean) => void

/** One site: a gateway's process, the network before it, and its engine. What is done to it is heard of. */
export class Site {
  readonly name: SiteName
  readonly #gateway: Child
  readonly #network: Relay
  readonly #engines: SiteEngines
  readonly #hear: Hear
  #isCut = false
  #engineWas: string | undefined
  #listening: (port: number) => void = () => {}

  private constructor(name: SiteName, network: Relay, engines: SiteEngines, hear: Hear) {
    this.name = name
    this.#network = network
    this.#engines = engines
    this.#hear = hear
    this.#engineWas = engines.picture(name)?.state
    this.#gateway = new Child(name, './site.js', {
      change: (reason) => {
        const { at } = this.#gateway.state
        // Nobody else may be reached by the port of a process that is gone.
        if (at === 'down') network.target = 0
        hear(`process ${reason}`, at === 'down' || at === 'hung')
      },
      message: (message) => {
        if (isListening(message)) this.#listening(message.port)
      },
    })
  }

  /** `port` of 127.0.0.1 is where clients find it, for all its life; if that is taken, any other. */
  static async open(name: SiteName, port: number, engines: SiteEngines, hear: Hear): Promise<Site> {
    const network = await Relay.listen({ port }).catch(() => Relay.listen())
    return new Site(name, network, engines, hear)
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#network.port}`
  }

  /** Resolves when its gateway listens. Does nothing when it runs. */
  async start(env: Readonly<Record<string, string>>): Promise<void> {
    if (this.#gateway.state.at !== 'down') return
    const listening = new Promise<number>((resolve) => {
      this.#listening = resolve
    })
    const { kind, endpoint } = this.#engines.place(this.name)
    const pid = await this.#gateway.start({ ...env, SITE: this.name, ENGINE: kind, ENDPOINT: endpoint })
    this.#network.target = await listening
    console.log(`site ${this.name} pid ${pid} ${this.url}`)
  }

  /** All but `restart`, which needs {@link start} with its environment. */
  async act(action: Exclude<Action, 'restart'>): Promise<void> {
    if (action === 'cut') return this.#cut()
    await this.actOnEngine(action)
    switch (action) {
      case 'kill':
        return this.#gateway.kill()
      case 'hang':
        return this.#gateway.hang()
      case 'heal':
        this.#mend()
        return this.#gateway.resume()
      default:
        action satisfies never
    }
  }

  /** Only the engine; the gateway goes on. */
  async actOnEngine(action: EngineAction): Promise<void> {
    await this.#engines.act(this.name, action)
    this.look()
  }

  /** Whether its engine is as it was: anybody may end it. */
  look(): void {
    const state = this.#engines.picture(this.name)?.state
    if (state === undefined || state === this.#engineWas) return
    this.#engineWas = state
    this.#hear(`engine ${ENGINE_NEWS[state]}`, state !== 'running')
  }

  picture(): SitePicture {
    const { at } = this.#gateway.state
    return {
      name: this.name,
      state: at,
      pid: this.#gateway.pid,
      url: this.url,
      network: this.#isCut ? 'cut' : 'whole',
      engine: this.#engines.picture(this.name),
    }
  }

  async stop(): Promise<void> {
    await this.#gateway.stop()
    await this.#network.close()
  }

  /** One way only: what is said to the site arrives, and is done; what it answers does not. */
  #cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#network.hang('back')
    this.#hear('network cut: what it says does not arrive', true)
  }

  #mend(): void {
    if (!this.#isCut) return
    this.#isCut = false
    this.#network.heal()
    this.#hear('network whole again', false)
  }
}

const ENGINE_NEWS = { down: 'is gone', hung: 'stopped by SIGSTOP', running: 'answers again' } as const

function isListening(message: unknown): message is { readonly type: 'listening'; readonly port: number } {
  return typeof message === 'object' && message !== null && 'port' in message && typeof message.port === 'number'
}
