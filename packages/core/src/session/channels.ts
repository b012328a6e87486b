import { type Channel, type ChannelSpec, type Link, MessagingError } from '@spanwire/driver'
import { inTime } from '../runtime/in-time.js'
import type { Runtime } from '../runtime/runtime.js'
import { backoffMs, slowMs } from './backoff.js'
import { ChannelHealth, type Sign } from './channel-health.js'
import { asFault } from './dial.js'
import { Gate } from './gate.js'
import type { Timing } from './pace.js'
import type { Patience } from './patience.js'
import { type Load, Sender } from './sender.js'

/** A channel that is ready to send and to be received from. */
export interface OpenChannel {
  readonly at: 'open'
  readonly channel: Channel
  readonly sender: Sender
  /** Who attaches a reception goes through it. */
  readonly gate: Gate
  /** Why sends go elsewhere if they can; absent: they get through. */
  readonly ill?: MessagingError
}

/** A channel on the session's link. The same object until something changes. */
export type ChannelState =
  /** No link. */
  | { readonly at: 'none' }
  | { readonly at: 'opening' }
  | OpenChannel
  /** Opened again when asked for after `retryAt` (Runtime ms; Infinity: not on this link). A change is announced then. */
  | { readonly at: 'refused'; readonly error: MessagingError; readonly retryAt: number }

export const NO_CHANNEL: ChannelState = { at: 'none' }
const OPENING: ChannelState = { at: 'opening' }
const OPEN_MS = 10_000
/** Channels of one link: what a gateway with many users may need, and what a leak of made-up names is stopped at. */
const MAX_CHANNELS = 10_000
/** Receptions of a channel that are being attached at once. */
const MAX_ATTACHING = 256

interface Place {
  readonly spec: ChannelSpec
  state: ChannelState
  failures: number
  /** Gives the opening up, takes the retry notice back, or lets go of what watches the open channel. */
  leave(): void
  health: ChannelHealth | undefined
}

/** What the links of one site have in common. */
interface Site {
  readonly runtime: Runtime
  readonly patience: Patience
  readonly timing: Timing
}

/** The channels of one link: each opened once, when first asked for. Ends with the link. */
export class Channels {
  readonly load: Load = { inflight: 0, answers: 0 }
  readonly #link: Link
  readonly #runtime: Runtime
  readonly #patience: Patience
  readonly #timing: Timing
  readonly #changed: (spec: ChannelSpec, ill: boolean) => void
  /** Contracts keep their spec, so the object finds its place fastest; specs made on the fly are found by content. */
  readonly #bySpec = new WeakMap<ChannelSpec, Place>()
  readonly #byContent = new Map<string, Place>()
  #isOver = false

  constructor(link: Link, site: Site, changed: (spec: ChannelSpec, ill: boolean) => void) {
    this.#link = link
    this.#runtime = site.runtime
    this.#patience = site.patience
    this.#timing = site.timing
    this.#changed = changed
  }

  get(spec: ChannelSpec): ChannelState {
    const place = this.#bySpec.get(spec) ?? this.#place(spec)
    const { state } = place
    if (state.at === 'refused' && state.retryAt <= this.#runtime.now()) this.#open(place)
    return place.state
  }

  /** Why its sends do not get through; looks only. */
  illness(spec: ChannelSpec): MessagingError | undefined {
    const state = this.#bySpec.get(spec)?.state
    return state?.at === 'open' ? state.ill : undefined
  }

  /** The first of what its sends fail with now, ill or not yet; looks only. */
  sign(spec: ChannelSpec): Sign | undefined {
    return this.#bySpec.get(spec)?.health?.sign
  }

  /** Asks again now for a channel that was refused: somebody new wants it. */
  renew(spec: ChannelSpec): void {
    const place = this.#byContent.get(JSON.stringify(spec))
    if (place?.state.at !== 'refused') return
    place.leave()
    this.#open(place)
  }

  /** Called now and then: channels that do not answer are found. */
  look(): void {
    if (this.#timing.pace) this.#timing.pace.wanted = true
    if (this.load.inflight > 0) for (const { health } of this.#byContent.values()) health?.look()
  }

  end(): void {
    this.#isOver = true
    for (const place of this.#byContent.values()) place.leave()
    this.#byContent.clear()
  }

  #place(spec: ChannelSpec): Place {
    const content = JSON.stringify(spec)
    let place = this.#byContent.get(content)
    if (!place) {
      place = { spec, state: OPENING, failures: 0, leave() {}, health: undefined }
      if (this.#byContent.size >= MAX_CHANNELS) return { ...place, state: tooMany() }
      this.#byContent.set(content, place)
      this.#open(place)
    }
    this.#bySpec.set(spec, place)
    return place
  }

  #open(place: Place): void {
    place.state = OPENING
    const { spec } = place
    const late = `Opening ${spec.kind} ${spec.name} got no answer within ${OPEN_MS} ms, though the connection stands.`
    const limit = { runtime: this.#runtime, ms: OPEN_MS, late }
    // One each: platforms warn of many listeners on one signal.
    const cut = new AbortController()
    place.leave = () => cut.abort()
    inTime(limit, cut, (signal) => this.#link.open(spec, signal)).then(
      (channel) => {
        this.load.answers += 1
        if (!this.#isOver) this.#set(place, this.#opened(place, channel))
      },
      (error) => this.#set(place, this.#refusal(place, error)),
    )
  }

  #opened(place: Place, channel: Channel): ChannelState {
    const { kind, name } = place.spec
    const sender = new Sender(
      channel,
      this.load,
      (outcome) => health.ended(outcome),
      kind === 'rpc' ? undefined : this.#timing,
    )
    const health = new ChannelHealth({
      what: `${kind} ${name}`,
      channel,
      patience: this.#patience,
      runtime: this.#runtime,
      sender,
      resends: kind !== 'rpc',
      onChange: (ill) => {
        this.#set(place, { ...open, ...(ill && { ill }) })
        if (ill) sender.abandon(ill)
      },
    })
    place.health = health
    place.leave = () => health.end()
    const open: OpenChannel = { at: 'open', channel, sender, gate: new Gate(MAX_ATTACHING) }
    return open
  }

  #refusal(place: Place, reason: unknown): ChannelState {
    const { kind, name } = place.spec
    const error = asFault(reason, `Opening ${kind} ${name} failed.`)
    place.failures += 1
    const retryAt = this.#runtime.now() + retryMs(error, place.failures, this.#runtime.random())
    return { at: 'refused', error, retryAt }
  }

  #set(place: Place, state: ChannelState): void {
    if (this.#isOver) return
    place.state = state
    const changed = () => this.#changed(place.spec, 'ill' in state)
    if (state.at === 'refused' && state.retryAt < Infinity) {
      place.leave = this.#runtime.after(state.retryAt - this.#runtime.now(), changed)
    }
    changed()
  }
}

/** The channel cannot be used this way: another wire or a retry in a moment would hear the same. */
export function isDenied({ code }: MessagingError): boolean {
  return isFinal(code) || code === 'forbidden' || code === 'not-found' || code === 'conflict'
}

function isFinal(code: MessagingError['code']): boolean {
  return code === 'capability' || code === 'invalid'
}

/** How long to leave a channel alone on this link after an error: for good, slowly, or with backoff. */
export function retryMs(error: MessagingError, failures: number, chance: number): number {
  if (isFinal(error.code)) return Infinity
  return isDenied(error) ? slowMs(chance) : backoffMs(failures, chance, error.retryAfterMs)
}

function tooMany(): ChannelState {
  const text = `More than ${MAX_CHANNELS} channels on a link: put data in parameters, not in names.`
  return { at: 'refused', error: new MessagingError('overloaded', text, { scope: 'channel' }), retryAt: Infinity }
}
