import type { ChannelSpec, DrainNotice, Endpoint, Link, MessagingError } from '@spanwire/driver'
import type { Cuts } from '../runtime/cuts.js'
import { dialTimeoutMs } from './backoff.js'
import type { BeatWatch } from './beat-watch.js'
import type { Sign } from './channel-health.js'
import { type ChannelState, Channels, NO_CHANNEL } from './channels.js'
import { type Dialed, dial } from './dial.js'
import { dialOptions, inOrder, type SessionOptions } from './dialing.js'
import { type Listener, Listeners } from './listeners.js'
import type { Timing } from './pace.js'
import { Pulse } from './pulse.js'
import { type Follower, RETIRE_MS, retire } from './retire.js'
import { endOf, reasonOf, silence, withFix } from './sentences.js'
import { type Connected, isRefusal, linkOf, type SessionEvent, type SessionState, spareOf } from './state.js'
import { step } from './step.js'

/** Weight of the newest round trip in the smoothed one, and what share of it is worth telling. */
const SMOOTHING = 0.2
const NOTEWORTHY = 0.1

/** So long another endpoint may take to answer, however soon the engine wants us gone: many are told some moment to spread them. */
const LEAST_MS = 500
/** An endpoint that we moved to and that leaves as soon as this is not followed by another one. */
const SETTLED_MS = 1_000

const CUT: AbortSignal = /* @__PURE__ */ AbortSignal.abort()

/** What the client keeps per site: one link at a time, dialed again when it ends. Acts on what {@link step} decides. */
export class Session {
  readonly site: string
  /** How soon it answers, over all its links. */
  readonly timing: Timing = { pace: undefined }
  /** Of its receptions; made by the first that promises beats. */
  beats: BeatWatch | undefined
  readonly #options: SessionOptions
  /** Of its changes; {@link onChange} says when they hear of them. */
  readonly listeners: Listeners = new Listeners()
  /** What outlives the state it began in: dials and links on their way out. Each settles soon after its abort. */
  readonly #owned = new Set<Promise<void>>()
  #state: SessionState = { at: 'idle' }
  #channels: Channels | undefined
  /** Where the last link was: tried last the next time, for it may be hung and accept all the same. */
  #left: Endpoint | undefined
  #movedAt = Number.NEGATIVE_INFINITY
  #leave: (withinMs?: number) => void = () => {}
  #pulse: Pulse | undefined
  /** Gives the dial of a second link up. */
  #unspare: (() => void) | undefined
  /** Links that another one has taken the place of, each with what ends the patience with it. */
  readonly #retiring = new Set<Cuts>()
  /** Who reads over the link, and goes along when another one takes its place. */
  readonly followers: Set<Follower> = new Set()
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

  /** Something waits that this site might take: the next dial is at most 5 s away, unless the site asked for patience. */
  awaited(): void {
    const { runtime } = this.#options
    this.#apply({ on: 'awaited', at: runtime.now(), chance: runtime.random() })
  }

  /** There is reason to doubt the link, as after a sleep or a change of the network: asks it now. */
  check(): void {
    this.#pulse?.check()
  }

  /** What can go elsewhere did, though the link has not ended: a site that is suspect has to prove itself from then on. */
  left(): void {
    this.#apply({ on: 'left', at: this.#options.runtime.now() })
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

  /** Why sends on the channel do not get through though the link lives; opens nothing. */
  illness(spec: ChannelSpec): MessagingError | undefined {
    return this.#channels?.illness(spec)
  }

  /** Since when and why sends on the channel fail though the link lives, ill or not yet; opens nothing. */
  sign(spec: ChannelSpec): Sign | undefined {
    return this.#channels?.sign(spec)
  }

  /** Asks again now for a channel that the engine refused. */
  renew(spec: ChannelSpec): void {
    this.#channels?.renew(spec)
  }

  /**
   * Listeners hear of changes in order, in a microtask of their own, and must not throw. With a channel they hear only of channels of this name,
   * and when the state or the link becomes another one. The result removes the listener.
   */
  onChange(listener: Listener, channel?: string): () => void {
    return this.listeners.add(listener, channel)
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
    this.#options.company?.note(this.site, to)
    if (!linkOf(to) || linkOf(to) !== linkOf(from)) {
      if (from.at === 'draining' && to.at === 'up') {
        this.#movedAt = to.since
        this.#leave(Math.max(RETIRE_MS, from.notice.withinMs ?? 0))
      } else this.#leave()
      this.#leave = this.#enter(to)
    }
    if (to.at === 'idle' || to.at === 'closed') for (const cuts of this.#retiring) cuts.abort()
    this.#secure(from, to)
    this.listeners.tell({ from, to, reason: reasonOf(event) })
  }

  /** Begins what a state does; the result ends it. */
  #enter(state: SessionState): (withinMs?: number) => void {
    const { endpoints, runtime } = this.#options
    if (state.at === 'dialing') return this.#dial(inOrder(endpoints, this.#left, runtime), dialTimeoutMs(state.attempt))
    if (state.at === 'up') return this.#use(state)
    if ('retryAt' in state) return runtime.after(state.retryAt - runtime.now(), () => this.retryNow())
    return () => {}
  }

  /** While a link is suspect the site is tried over a second one, which takes over when the first is given up. */
  #secure(from: SessionState, to: SessionState): void {
    const spare = spareOf(from)
    if (spare && spare !== spareOf(to) && spare.link !== linkOf(to)) this.#own(spare.link.close(CUT))
    if (to.at === from.at && linkOf(to) === linkOf(from)) return
    this.#unspare?.()
    this.#unspare = undefined
    if (to.at === 'suspect') this.#unspare = this.#dialSpare(to.endpoint)
    else if (to.at === 'draining' && to.moving) this.#unspare = this.#dialAnother(to)
  }

  /** What is left of the time that the engine gave must do for leaving to another site, if no other endpoint answers. */
  #dialAnother({ endpoint, notice }: Connected & { readonly notice: DrainNotice }): () => void {
    const { runtime } = this.#options
    const timeoutMs = Math.min(dialTimeoutMs(1), Math.max(LEAST_MS, (notice.withinMs ?? Infinity) / 2))
    return this.#dial(inOrder(this.#othersThan(endpoint), undefined, runtime), timeoutMs)
  }

  #othersThan(endpoint: Endpoint): readonly Endpoint[] {
    return this.#options.endpoints.filter((other) => other !== endpoint)
  }

  #dialSpare(silent: Endpoint): () => void {
    const { patience, runtime } = this.#options
    const given = new AbortController()
    const connected = async ({ link, endpoint, tookMs }: Dialed) => {
      if (given.signal.aborted) return link.close(CUT)
      this.#apply({ on: 'spare', spare: { link, endpoint, rttMs: tookMs } })
      void link.ended.then(() => {
        if (spareOf(this.#state)?.link === link) this.#apply({ on: 'spare', spare: undefined })
      })
    }
    const options = dialOptions(this.#options, patience.downMs - patience.suspectMs, (work) => this.#own(work))
    const endpoints = inOrder(this.#options.endpoints, silent, runtime)
    // Whatever the new connection fails by, silence decides about the old one.
    this.#own(dial(endpoints, options, given.signal).then(connected, () => {}))
    return () => given.abort()
  }

  #dial(endpoints: readonly Endpoint[], timeoutMs: number): () => void {
    const { runtime } = this.#options
    const given = new AbortController()
    const options = dialOptions(this.#options, timeoutMs, (work) => this.#own(work))
    const connected = async ({ link, endpoint, tookMs }: Dialed) => {
      this.#apply({ on: 'connected', at: runtime.now(), link, endpoint, rttMs: tookMs })
      if (this.link !== link) await link.close(CUT)
    }
    const failed = (error: MessagingError) => {
      if (given.signal.aborted) return
      const fault = isRefusal(error) ? withFix(error, this.site) : error
      this.#apply({ on: 'failed', at: runtime.now(), error: fault, chance: runtime.random() })
    }
    this.#own(dial(endpoints, options, given.signal).then(connected, failed))
    return () => given.abort()
  }

  #use({ link, endpoint, rttMs }: Connected): (withinMs?: number) => void {
    const { patience, runtime } = this.#options
    const channels = new Channels(link, { runtime, patience, timing: this.timing }, (channel, ill) =>
      this.listeners.tell({ channel, ill }),
    )
    this.#channels = channels
    const current = (event: SessionEvent) => {
      if (this.link === link) this.#apply(event)
    }
    void link.draining.then((notice) => {
      // Endpoints that accept us and say at once that they leave must not make us go round.
      const moving = this.#othersThan(endpoint).length > 0 && runtime.now() - this.#movedAt >= SETTLED_MS
      current({ on: 'drain', notice, moving: moving && this.#options.driver.dials === 'one' })
    })
    void link.ended.then((end) => {
      current({ on: 'lost', at: runtime.now(), error: endOf(end, this.site), chance: runtime.random() })
    })
    const pulse = this.#listen(link, rttMs, channels, current)
    this.#pulse = pulse
    channels.load.onBusy = () => pulse.wake()
    return (withinMs) => {
      channels.end()
      this.#channels = undefined
      this.#left = endpoint
      const leaving = { link, load: channels.load, followers: this.followers, runtime, others: this.#retiring }
      if (withinMs !== undefined) return this.#own(retire(leaving, withinMs).then(() => pulse.end()))
      this.#own(link.close(this.#closing?.signal ?? CUT))
      pulse.end()
    }
  }

  #listen(link: Link, dialedMs: number, channels: Channels, current: (event: SessionEvent) => void): Pulse {
    const { company, patience, runtime, site } = this.#options
    let rttMs = Infinity
    return new Pulse({
      link,
      patience,
      runtime,
      answers: () => channels.load.answers,
      isBusy: () => channels.load.inflight > 0,
      isProving: () => this.#state.at === 'up' && this.#state.proving !== undefined,
      onStep: () => channels.look(),
      onSilent: (since) => current({ on: 'silent', since }),
      onHeard: () => current({ on: 'heard', at: runtime.now() }),
      onDead: (silentSince) => {
        // Another one has taken its place.
        if (this.link !== link) return this.#own(link.close(CUT))
        const at = runtime.now()
        const isOurs = company?.isSilent ?? false
        const error = silence(site, at - silentSince, isOurs)
        current({ on: 'lost', at, error, chance: runtime.random(), silentSince, isOurs })
      },
      onMeasured: (tookMs) => {
        this.timing.pace?.took(tookMs)
        current({ on: 'proved', at: runtime.now() })
        // The first probe against the whole dial; from then on smoothed, and told when it makes a difference.
        const smoothed = rttMs < Infinity ? rttMs + (tookMs - rttMs) * SMOOTHING : Math.min(dialedMs, tookMs)
        if (rttMs < Infinity && Math.abs(smoothed - rttMs) <= rttMs * NOTEWORTHY) return
        rttMs = smoothed
        current({ on: 'measured', rttMs })
      },
    })
  }

  #own(work: Promise<void>): void {
    this.#owned.add(work)
    void work.then(() => this.#owned.delete(work))
  }
}
