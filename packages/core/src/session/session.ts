import {
  type ChannelSpec,
  type Credentials,
  type Driver,
  type Endpoint,
  type Link,
  MessagingError,
} from '@spanwire/driver'
import type { Runtime } from '../runtime/runtime.js'
import { dialTimeoutMs } from './backoff.js'
import { type ChannelState, Channels, NO_CHANNEL } from './channels.js'
import { type Dialed, type DialOptions, dial } from './dial.js'
import { type Connected, linkOf, type SessionEvent, type SessionState } from './state.js'
import { step } from './step.js'

export interface SessionOptions {
  readonly site: string
  readonly driver: Driver
  readonly endpoints: readonly Endpoint[]
  /** Asked by the driver before each dial. */
  credentials(signal: AbortSignal): Promise<Credentials>
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string }
  readonly missing: 'create' | 'refuse'
  readonly nonce: string
  /** A new name for each link. */
  clientId(): string
  readonly runtime: Runtime
}

export type SessionChange =
  /** `from.at` equals `to.at` when only figures changed (`rttMs`) or a dial was started over. `reason` is for operators. */
  | { readonly from: SessionState; readonly to: SessionState; readonly reason: string }
  /** A channel of this name was opened, was refused, or may be tried again. */
  | { readonly channel: string }

const CUT: AbortSignal = /* @__PURE__ */ AbortSignal.abort()

/** What the client keeps per site: one link at a time, dialed again when it ends. Acts on what {@link step} decides. */
export class Session {
  readonly site: string
  readonly #options: SessionOptions
  readonly #listeners = new Set<(change: SessionChange) => void>()
  readonly #news: SessionChange[] = []
  /** What outlives the state it began in: dials and links on their way out. Each settles soon after its abort. */
  readonly #owned = new Set<Promise<void>>()
  #state: SessionState = { at: 'idle' }
  #channels: Channels | undefined
  /** Where the last link was: tried last the next time, for it may be hung and accept all the same. */
  #left: Endpoint | undefined
  #leave = () => {}
  #closing: { readonly signal: AbortSignal; readonly done: Promise<void> } | undefined

  constructor(options: SessionOptions) {
    this.site = options.site
    this.#options = options
  }

  get state(): SessionState {
    return this.#state
  }

  /** While up, suspect or draining. */
  get link(): Link | undefined {
    return linkOf(this.#state)
  }

  /** Messages on their way over the link. */
  get inflight(): number {
    return this.#channels?.load.inflight ?? 0
  }

  /** Begins to dial. Later calls do nothing. */
  start(): void {
    this.#apply({ on: 'start', at: this.#options.runtime.now() })
  }

  /** Dials now instead of waiting: the network is back, or an operator says so. */
  retryNow(): void {
    this.#apply({ on: 'retry', at: this.#options.runtime.now() })
  }

  /** Leaves the site as planned; nothing is counted as a failure. Comes back with `start`. Resolves when the link is gone. */
  async suspend(): Promise<void> {
    this.#apply({ on: 'suspend' })
    await Promise.all(this.#owned)
  }

  /** The channel on the live link; begins to open it when first asked for. `none` without a link. Cheap enough for each message. */
  channel(spec: ChannelSpec): ChannelState {
    return this.#channels ? this.#channels.get(spec) : NO_CHANNEL
  }

  /** Asks again now for a channel that the engine refused. */
  renew(spec: ChannelSpec): void {
    this.#channels?.renew(spec)
  }

  /** Listeners hear of changes in order, in a microtask of their own, and must not throw. The result removes the listener. */
  onChange(listener: (change: SessionChange) => void): () => void {
    const own = (change: SessionChange) => listener(change)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** Closes the link by the signal's grace, ends dials and timers. Resolves when nothing is left. A second call waits for the first. */
  close(signal: AbortSignal): Promise<void> {
    if (!this.#closing) {
      let finish = () => {}
      const done = new Promise<void>((resolve) => {
        finish = resolve
      })
      this.#closing = { signal, done }
      this.#apply({ on: 'close' })
      void Promise.all(this.#owned).then(finish)
    }
    return this.#closing.done
  }

  #apply(event: SessionEvent): void {
    const from = this.#state
    const to = step(from, event)
    if (to === from) return
    this.#state = to
    if (!linkOf(to) || linkOf(to) !== linkOf(from)) {
      this.#leave()
      this.#leave = this.#enter(to)
    }
    this.#tell({ from, to, reason: reasonOf(event) })
  }

  /** Begins what a state does; the result ends it. */
  #enter(state: SessionState): () => void {
    const { runtime } = this.#options
    if (state.at === 'dialing') return this.#dial(state.attempt)
    if (state.at === 'up') return this.#use(state)
    if ('retryAt' in state) return runtime.after(state.retryAt - runtime.now(), () => this.retryNow())
    return () => {}
  }

  #dial(attempt: number): () => void {
    const { site, driver, runtime, nonce, missing, tls, endpoints } = this.#options
    const given = new AbortController()
    const options: DialOptions = {
      site,
      driver,
      runtime,
      timeoutMs: dialTimeoutMs(attempt),
      connectOptions: () => ({
        client: this.#options.clientId(),
        nonce,
        missing,
        ...(tls && { tls }),
        credentials: (signal) => this.#options.credentials(signal),
      }),
      own: (work) => this.#own(work),
    }
    const connected = async ({ link, endpoint, tookMs }: Dialed) => {
      this.#apply({ on: 'connected', at: runtime.now(), link, endpoint, rttMs: tookMs })
      if (this.link !== link) await link.close(CUT)
    }
    const failed = (error: MessagingError) => {
      if (!given.signal.aborted) this.#apply({ on: 'failed', at: runtime.now(), error, chance: runtime.random() })
    }
    this.#own(dial(inOrder(endpoints, this.#left, runtime), options, given.signal).then(connected, failed))
    return () => given.abort()
  }

  #use({ link, endpoint, rttMs }: Connected): () => void {
    const { runtime } = this.#options
    const channels = new Channels(link, runtime, (channel) => this.#tell({ channel }))
    this.#channels = channels
    const current = (event: SessionEvent) => {
      if (this.link === link) this.#apply(event)
    }
    void link.draining.then((notice) => current({ on: 'drain', notice }))
    void link.ended.then((end) => {
      const error =
        end.by === 'engine' ? end.error : new MessagingError('closed', `The link to ${this.site} was closed.`)
      current({ on: 'lost', at: runtime.now(), error, chance: runtime.random() })
    })
    const started = runtime.now()
    link.probe(channels.signal).then(
      () => current({ on: 'measured', rttMs: Math.min(rttMs, runtime.now() - started) }),
      // The time that connecting took stands for it.
      () => {},
    )
    return () => {
      channels.end()
      this.#channels = undefined
      this.#left = endpoint
      this.#own(link.close(this.#closing?.signal ?? CUT))
    }
  }

  #own(work: Promise<void>): void {
    this.#owned.add(work)
    void work.then(() => this.#owned.delete(work))
  }

  #tell(change: SessionChange): void {
    if (this.#news.push(change) === 1) queueMicrotask(() => this.#publish())
  }

  #publish(): void {
    for (const change of this.#news.splice(0)) for (const listener of this.#listeners) listener(change)
  }
}

/** Shuffled, so that many clients spread over the endpoints; the one just left comes last. */
function inOrder(endpoints: readonly Endpoint[], left: Endpoint | undefined, runtime: Runtime): readonly Endpoint[] {
  const ranked = endpoints.map((endpoint) => ({ endpoint, rank: endpoint === left ? 1 : runtime.random() }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ endpoint }) => endpoint)
}

function reasonOf(event: SessionEvent): string {
  if ('error' in event) return event.error.message
  if ('notice' in event) return event.notice.reason
  return event.on === 'connected' ? `connected to ${event.endpoint}` : event.on
}
