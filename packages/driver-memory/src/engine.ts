import {
  type Capabilities,
  type ChannelSpec,
  type ConnectOptions,
  type Credentials,
  type DrainNotice,
  type Link,
  MessagingError,
} from '@spanwire/driver'
import { type Ability, capabilities } from './abilities.js'
import { Ask, type Waiting, within } from './ask.js'
import { Beats } from './beats.js'
import type { Place } from './channel.js'
import { aborted, dead, invalid, killed, unauthenticated } from './errors.js'
import { type Home, MemoryLink } from './link.js'
import { type EngineOptions, type Settings, settings } from './options.js'
import { Places } from './places.js'
import type { Peeked } from './queue.js'
import { Renewal } from './renewal.js'
import type { Attached, Depth } from './store.js'
import { Turns } from './turns.js'

/** `hung`: takes what is sent and does nothing, as a stopped process does. `dead`: nobody there. */
export type EngineState = 'running' | 'hung' | 'dead'

/** What a driver asks an engine for. */
export interface Dial {
  readonly endpoint: string
  readonly options: ConnectOptions
  readonly without: ReadonlySet<Ability>
}

/** What an engine holds right now; all zero but the channels when nobody uses it. */
export interface EngineCounts {
  readonly links: number
  readonly channels: number
  readonly receptions: number
  /** Leases, delays, deadlines. */
  readonly due: number
}

/**
 * A messaging engine that lives in this process. Make it once, hand it to any number of drivers, and do to it what
 * happens to real ones. What the methods do is done when they return.
 */
export interface MemoryEngine {
  readonly name: string
  readonly state: EngineState
  /** As SIGKILL: every link ends at once, what was sent and not reported is `unknown`, connecting is refused. */
  kill(): void
  /** As SIGSTOP: sends stay open, waits wait, nobody gets a beat. Only from `running`. */
  hang(): void
  /** As SIGCONT: what was sent meanwhile is taken now. Only from `hung`. */
  heal(): void
  /** `keep`: the same logs, jobs and places of groups, as a disk gives them back. `wipe`: an empty engine whose positions are another log's. Kills first if need be. */
  restart(how: { readonly data: 'keep' | 'wipe' }): void
  /** Asks the clients of all links to leave; after `withinMs` it ends these links. */
  drain(notice: DrainNotice): void
  /** Deletes a channel with what is in it: its receptions fail with `not-found`. False when there is none. */
  delete(channel: string): boolean
  /** Nobody may use this channel any more, existing or not: its receptions fail with `forbidden`, sends are refused. */
  revoke(channel: string): void
  /** Takes {@link MemoryEngine.revoke} back. */
  permit(channel: string): void
  /** The oldest jobs of a queue, untouched. Empty when there is no such queue. */
  peek(queue: string, limit: number): readonly Peeked[]
  /** Every channel, by name. */
  depths(): readonly Depth[]
  counts(): EngineCounts
  /** What drivers call. As `Driver.connect`. */
  connect(dial: Dial, signal: AbortSignal): Promise<Link>
}

export function createEngine(options: EngineOptions = {}): MemoryEngine {
  return new Engine(settings(options))
}

const CLIENT = /^[A-Za-z0-9_-]{1,64}$/

class Engine implements MemoryEngine, Home {
  state: EngineState = 'running'
  readonly name: string
  readonly turns: Turns
  readonly beatMs: number
  readonly #settings: Settings
  readonly #cluster: string
  readonly #places: Places
  readonly #beats: Beats
  readonly #links: Map<MemoryLink, Renewal> = new Map()
  readonly #dials: Set<Waiting> = new Set()

  constructor(options: Settings) {
    const { clock, name, beatMs, maxInbox } = options
    this.name = name
    this.beatMs = beatMs
    this.turns = new Turns(clock, maxInbox)
    this.#settings = options
    this.#places = new Places(this.turns, options)
    this.#cluster = `${name}-${this.#places.epoch}`
    this.#beats = new Beats(clock, beatMs, () => this.turns.running)
  }

  kill(): void {
    if (this.state === 'dead') return
    this.state = 'dead'
    this.turns.stop()
    const error = killed(this.name)
    for (const link of [...this.#links.keys()]) link.finish({ by: 'engine', error }, error)
    for (const dial of [...this.#dials]) dial.fail(dead(this.name))
    this.turns.empty()
  }

  hang(): void {
    if (this.state !== 'running') return
    this.state = 'hung'
    this.turns.halt()
  }

  heal(): void {
    if (this.state !== 'hung') return
    this.state = 'running'
    this.turns.resume()
    for (const reception of this.#beats.all()) reception.revive()
  }

  restart(how: { readonly data: 'keep' | 'wipe' }): void {
    this.kill()
    if (how.data === 'wipe') this.#places.wipe()
    this.state = 'running'
    this.turns.resume()
  }

  drain(notice: DrainNotice): void {
    const leaving = [...this.#links.keys()]
    for (const link of leaving) link.drain(notice)
    if (notice.withinMs === undefined) return
    const error = new MessagingError('unavailable', `memory engine "${this.name}" was drained: ${notice.reason}`, {
      scope: 'link',
    })
    const fire = (): void => {
      for (const link of leaving) link.finish({ by: 'engine', error }, error)
    }
    this.turns.agenda.set({ due: 0, slot: -1, fire }, this.turns.now() + notice.withinMs)
  }

  delete(channel: string): boolean {
    return this.#places.delete(channel)
  }

  revoke(channel: string): void {
    this.#places.revoke(channel)
  }

  permit(channel: string): void {
    this.#places.permit(channel)
  }

  peek(queue: string, limit: number): readonly Peeked[] {
    return this.#places.peek(queue, limit)
  }

  depths(): readonly Depth[] {
    return this.#places.depths()
  }

  counts(): EngineCounts {
    const { size: links } = this.#links
    return { links, channels: this.#places.size, receptions: this.#beats.size, due: this.turns.agenda.size }
  }

  async connect(dial: Dial, signal: AbortSignal): Promise<Link> {
    const { client, missing, credentials } = dial.options
    if (!CLIENT.test(client)) throw invalid('a client id is 1 to 64 characters of [A-Za-z0-9_-]')
    if (this.state === 'dead') throw dead(this.name)
    if (signal.aborted) throw aborted(signal, `connect to memory engine "${this.name}"`)
    const offered = await this.#obtain(credentials, signal)
    if (this.#isDead()) throw dead(this.name)
    return this.#greet(signal, () => {
      this.#check(offered)
      const { endpoint, without } = dial
      const info = { name: 'memory', version: '1', cluster: this.#cluster, node: endpoint }
      const link = new MemoryLink(this, info, { missing, without })
      const renewal = new Renewal(this.#settings.clock, link, async (over) => {
        return this.#check(await this.#obtain(credentials, over))
      })
      this.#links.set(link, renewal)
      renewal.watch(offered)
      return link
    })
  }

  place(spec: ChannelSpec, missing: 'create' | 'refuse'): Place {
    return this.#places.open(spec, missing)
  }

  can(spec: ChannelSpec, without: ReadonlySet<Ability>): Capabilities {
    return capabilities(spec, this.#settings, without)
  }

  attached(reception: Attached): void {
    this.#beats.add(reception)
  }

  detached(reception: Attached): void {
    this.#beats.remove(reception)
  }

  gone(link: MemoryLink): void {
    this.#links.get(link)?.stop()
    this.#links.delete(link)
  }

  /** A call, because `state` may change while a caller waits. */
  #isDead(): boolean {
    return this.state === 'dead'
  }

  /** The round trip that proves that somebody is there. */
  #greet(signal: AbortSignal, work: () => Link): Promise<Link> {
    const ask = new Ask(this.#dials, { what: `connect to memory engine "${this.name}"`, signal, work })
    this.turns.post(ask)
    return ask.promise
  }

  async #obtain(provide: ConnectOptions['credentials'], signal: AbortSignal): Promise<Credentials> {
    const what = `connect to memory engine "${this.name}"`
    try {
      return await within(signal, what, provide(signal))
    } catch (error) {
      if (signal.aborted) throw aborted(signal, what)
      throw unauthenticated(this.name, 'the credentials could not be obtained', error)
    }
  }

  #check(offered: Credentials): Credentials {
    if (offered.expiresAtMs !== undefined && offered.expiresAtMs <= this.#settings.clock.wall()) {
      throw unauthenticated(this.name, 'the credentials have expired')
    }
    if (!this.#settings.authenticate(offered)) throw unauthenticated(this.name, 'it does not know these credentials')
    return offered
  }
}
