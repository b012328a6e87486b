import {
  type Channel,
  type ChannelSpec,
  type DrainNotice,
  type EngineInfo,
  type Link,
  MessagingError,
} from '@spanwire/driver'
import { within } from './deadline.js'
import type { Feed } from './feed.js'
import type { MakeLink } from './options.js'

type State =
  | { readonly at: 'dialing'; readonly error: MessagingError | undefined }
  | { readonly at: 'up'; readonly link: Link; readonly leaving?: Leaving }
  | { readonly at: 'closed' }

/** The engine asked to be left. */
export interface Leaving {
  readonly reason: string
  /** On the clock of `performance.now()`. */
  readonly untilMs: number
}

/** An engine that does not say by when it goes is left within this. */
const LEAVE_MS = 10_000
/** Clients are asked to leave in this part of the time that is left, so that they are gone when the engine goes. */
const EARLIER = 0.9

/** Channels kept open on one upstream; beyond, opening another one is refused. */
const MAX_CHANNELS = 10_000
/** Between two dials: full jitter up to a cap. */
const RETRY = { baseMs: 100, capMs: 5_000 }
const OPEN_MS = 10_000

/** The link behind the gateway, dialed again whenever it ends, and the channels that clients opened on it. */
export class Upstream {
  /** What the last link said of itself; stays when it is lost. */
  engine: EngineInfo | undefined
  readonly #source: Link | MakeLink
  readonly #channels = new Map<string, UpstreamChannel>()
  readonly #first: Promise<void>
  readonly #run: Promise<void>
  /** Told when the engine asks to be left. One for each connection. */
  readonly #watchers = new Set<(leaving: Leaving) => void>()
  #state: State = { at: 'dialing', error: undefined }
  #wake: () => void = () => undefined

  constructor(source: Link | MakeLink) {
    this.#source = source
    let first: () => void = () => undefined
    this.#first = new Promise((resolve) => {
      first = resolve
    })
    this.#run = this.#keep(first)
  }

  get link(): Link | undefined {
    return this.#state.at === 'up' ? this.#state.link : undefined
  }

  /** The first dial is over, whatever came of it. */
  get ready(): Promise<void> {
    return this.#first
  }

  /** Tells when the engine asks to be left, at once if it did. The result ends it. */
  onLeaving(watcher: (leaving: Leaving) => void): () => void {
    this.#watchers.add(watcher)
    if (this.#state.at === 'up' && this.#state.leaving) watcher(this.#state.leaving)
    return () => this.#watchers.delete(watcher)
  }

  /** Why nothing can be sent there now. */
  get trouble(): MessagingError {
    const cause = this.#state.at === 'dialing' ? this.#state.error : undefined
    return new MessagingError(
      'unavailable',
      `The gateway has no engine behind it now${cause ? `: ${cause.message}` : '.'}`,
      {
        scope: 'channel',
        cause,
      },
    )
  }

  /** The channel of that spec, the same for all clients. Throws `overloaded` at the bound. */
  channel(spec: ChannelSpec): UpstreamChannel {
    const key = JSON.stringify(spec)
    const known = this.#channels.get(key)
    if (known) return known
    if (this.#channels.size >= MAX_CHANNELS) {
      throw new MessagingError('overloaded', `The gateway keeps ${MAX_CHANNELS} channels open and takes no more.`, {
        scope: 'channel',
      })
    }
    const channel = new UpstreamChannel(this, spec, () => this.#channels.delete(key))
    this.#channels.set(key, channel)
    return channel
  }

  /** Ends what the gateway made; a link that was handed in stays. */
  async close(signal: AbortSignal): Promise<void> {
    const { link } = this
    this.#state = { at: 'closed' }
    this.#wake()
    if (link && typeof this.#source === 'function') await link.close(signal)
    if (typeof this.#source === 'function') await this.#run
  }

  async #keep(first: () => void): Promise<void> {
    for (let attempt = 0; this.#state.at !== 'closed'; attempt++) {
      const link = await this.#dial()
      if (link) {
        attempt = 0
        this.engine = link.engine
        this.#state = { at: 'up', link }
        for (const channel of this.#channels.values()) channel.reopen()
        first()
        void link.draining.then((notice) => this.#leave(link, notice))
        const end = await link.ended
        if (this.closed) return
        this.#state = { at: 'dialing', error: end.by === 'engine' ? end.error : undefined }
        if (typeof this.#source !== 'function') return
      }
      first()
      await this.#pause(Math.random() * Math.min(RETRY.capMs, RETRY.baseMs * 2 ** Math.min(attempt, 10)))
    }
  }

  #leave(link: Link, { reason, withinMs = LEAVE_MS }: DrainNotice): void {
    if (this.link !== link) return
    const leaving = { reason, untilMs: performance.now() + withinMs * EARLIER }
    this.#state = { at: 'up', link, leaving }
    for (const watcher of this.#watchers) watcher(leaving)
  }

  get closed(): boolean {
    return this.#state.at === 'closed'
  }

  async #dial(): Promise<Link | undefined> {
    try {
      const link = typeof this.#source === 'function' ? await this.#source() : this.#source
      if (!this.closed) return link
      await link.close(AbortSignal.abort())
    } catch (error) {
      if (!this.closed) this.#state = { at: 'dialing', error: asMessagingError(error) }
    }
    return undefined
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.closed) this.#wake()
    })
  }
}

/** A channel behind the gateway: opened once for all clients, and again on every new link. */
export class UpstreamChannel {
  readonly spec: ChannelSpec
  /** Receptions that several clients share, by what they ask for. */
  readonly feeds: Map<string, Promise<Feed>> = new Map()
  readonly #upstream: Upstream
  readonly #forget: () => void
  #opening: { readonly link: Link; readonly channel: Promise<Channel> } | undefined
  #open: { readonly link: Link; readonly channel: Channel } | undefined

  constructor(upstream: Upstream, spec: ChannelSpec, forget: () => void) {
    this.#upstream = upstream
    this.spec = spec
    this.#forget = forget
  }

  /** Open on the link of this moment; else sends are refused with {@link trouble}. */
  get now(): Channel | undefined {
    return this.#open && this.#open.link === this.#upstream.link ? this.#open.channel : undefined
  }

  get trouble(): MessagingError {
    return this.#upstream.trouble
  }

  /** Opens it, also when it is open: it may have been deleted behind our back. Who asks meanwhile waits for the same answer. */
  open(): Promise<Channel> {
    const { link } = this.#upstream
    if (!link) return Promise.reject(this.trouble)
    if (this.#opening?.link === link) return this.#opening.channel
    const opening = { link, channel: within(OPEN_MS, (signal) => link.open(this.spec, signal)) }
    this.#opening = opening
    opening.channel
      .then(
        (channel) => {
          this.#open = { link, channel }
        },
        () => {
          // What never was open is not kept.
          if (!this.#open) this.#forget()
        },
      )
      .finally(() => {
        if (this.#opening === opening) this.#opening = undefined
      })
    return opening.channel
  }

  reopen(): void {
    this.open().catch(() => undefined)
  }
}

function asMessagingError(error: unknown): MessagingError {
  if (MessagingError.is(error)) return error
  return new MessagingError('unavailable', 'The gateway could not reach its engine.', { scope: 'link', cause: error })
}
