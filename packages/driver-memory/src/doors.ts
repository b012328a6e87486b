import type {
  Capabilities,
  ChannelSpec,
  ConnectOptions,
  Credentials,
  Link,
  LinkEnd,
  MessagingError,
} from '@spanwire/driver'
import { type Ability, capabilities } from './abilities.js'
import { Ask, type Waiting, within } from './ask.js'
import { Beats } from './beats.js'
import { aborted, dead, invalid, unauthenticated } from './errors.js'
import { type Home, MemoryLink } from './link.js'
import type { Settings } from './options.js'
import type { Place } from './place.js'
import type { Places } from './places.js'
import { Renewal } from './renewal.js'
import type { Attached } from './store.js'
import type { Op, Turns } from './turns.js'

/** What a driver asks an engine for. */
export interface Dial {
  readonly endpoint: string
  readonly options: ConnectOptions
  readonly without: ReadonlySet<Ability>
}

const CLIENT = /^[A-Za-z0-9_-]{1,64}$/

/** Who comes in, who is in, and who is told when it is over. */
export class Doors implements Home {
  readonly turns: Turns
  readonly beatMs: number
  readonly beats: Beats
  readonly links: Map<MemoryLink, Renewal> = new Map()
  readonly #settings: Settings
  readonly #places: Places
  readonly #cluster: string
  readonly #dials: Set<Waiting> = new Set()

  constructor(turns: Turns, settings: Settings, places: Places) {
    this.turns = turns
    this.beatMs = settings.beatMs
    this.beats = new Beats(settings.clock, settings.beatMs)
    this.#settings = settings
    this.#places = places
    this.#cluster = `${settings.name}-${places.epoch}`
  }

  async connect(dial: Dial, signal: AbortSignal): Promise<Link> {
    const { client, credentials } = dial.options
    if (!CLIENT.test(client)) throw invalid('a client id is 1 to 64 characters of [A-Za-z0-9_-]')
    if (this.#isDead()) throw dead(this.#settings.name)
    if (signal.aborted) throw aborted(signal, this.#what())
    const offered = await this.#obtain(credentials, signal)
    // The round trip that proves that somebody is there.
    const greeting = new Ask(this.#dials, { what: this.#what(), signal, work: () => this.#admit(dial, offered) })
    this.turns.post(greeting)
    if (this.#isDead()) greeting.fail(dead(this.#settings.name))
    return greeting.promise
  }

  /** Ends these links, and then what has not become one yet. */
  end(links: readonly MemoryLink[], error: MessagingError): void {
    const end: LinkEnd = { by: 'engine', error }
    for (const link of links) link.finish(end, error)
  }

  /** Nobody is there for those who are on their way in. */
  refuseAll(): void {
    for (const dial of [...this.#dials]) dial.fail(dead(this.#settings.name))
  }

  place(spec: ChannelSpec, missing: 'create' | 'refuse'): Place {
    return this.#places.open(spec, missing)
  }

  can(spec: ChannelSpec, without: ReadonlySet<Ability>): Capabilities {
    return capabilities(spec, this.#settings, without)
  }

  attached(reception: Attached): void {
    this.beats.add(reception)
  }

  detached(reception: Attached): void {
    this.beats.remove(reception)
  }

  held(): readonly Op[] {
    return this.#places.held()
  }

  gone(link: MemoryLink): void {
    this.links.get(link)?.stop()
    this.links.delete(link)
  }

  #admit(dial: Dial, offered: Credentials): Link {
    this.#check(offered)
    const { endpoint, without, options } = dial
    const info = { name: 'memory', version: '1', cluster: this.#cluster, node: endpoint }
    const link = new MemoryLink(this, info, { missing: options.missing, without })
    const renewal = new Renewal(this.#settings.clock, link, async (over) => {
      return this.#check(await this.#obtain(options.credentials, over))
    })
    this.links.set(link, renewal)
    renewal.watch(offered)
    return link
  }

  async #obtain(provide: ConnectOptions['credentials'], signal: AbortSignal): Promise<Credentials> {
    try {
      return await within(signal, this.#what(), provide(signal))
    } catch (error) {
      if (signal.aborted) throw aborted(signal, this.#what())
      throw unauthenticated(this.#settings.name, 'the credentials could not be obtained', error)
    }
  }

  #check(offered: Credentials): Credentials {
    const { name, clock, authenticate } = this.#settings
    if (offered.expiresAtMs !== undefined && offered.expiresAtMs <= clock.wall()) {
      throw unauthenticated(name, 'the credentials have expired')
    }
    if (!authenticate(offered)) throw unauthenticated(name, 'it does not know these credentials')
    return offered
  }

  /** Asked again after a wait: it may have changed. */
  #isDead(): boolean {
    return this.turns.state === 'dead'
  }

  #what(): string {
    return `connect to memory engine "${this.#settings.name}"`
  }
}
