import {
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type DrainNotice,
  type EngineInfo,
  isChannelName,
  type Link,
  type LinkEnd,
  MessagingError,
  type SendOutcome,
} from '@spanwire/driver'
import type { Ability } from './abilities.js'
import { Ask, type AskOptions, type Waiting } from './ask.js'
import { MemoryChannel } from './channel.js'
import { closed, invalid, maybe } from './errors.js'
import type { Gate } from './gate.js'
import type { Place } from './place.js'
import { type Sender, Sending } from './sending.js'
import type { Attached, Seat } from './store.js'
import type { Op, Turns } from './turns.js'

/** What a link needs of its engine. */
export interface Home {
  readonly turns: Turns
  readonly beatMs: number
  /** The channel, made if it may be. Throws `not-found`, `conflict`, `forbidden`, `overloaded`. */
  place(spec: ChannelSpec, missing: 'create' | 'refuse'): Place
  can(spec: ChannelSpec, without: ReadonlySet<Ability>): Capabilities
  /** Idle, it gets a beat now and then. */
  attached(reception: Attached): void
  detached(reception: Attached): void
  /** What is with stalled channels. */
  held(): readonly Op[]
  gone(link: MemoryLink): void
}

/** What was agreed when it was made. */
export interface Terms {
  readonly missing: 'create' | 'refuse'
  readonly without: ReadonlySet<Ability>
}

const INBOX_FULL: SendOutcome = {
  outcome: 'unsent',
  error: new MessagingError(
    'overloaded',
    'the memory engine or this channel hangs and the inbox is full; heal() or kill() it',
    {
      scope: 'link',
    },
  ),
}

/** Never aborts. */
const NEVER: AbortSignal = new AbortController().signal

export class MemoryLink implements Link, Sender {
  readonly engine: EngineInfo
  readonly draining: Promise<DrainNotice>
  readonly ended: Promise<LinkEnd>
  readonly turns: Turns
  /** For what never left, one for the whole link. */
  readonly withdrawn: SendOutcome = {
    outcome: 'unsent',
    error: new MessagingError('canceled', 'the send was canceled before the engine got it'),
  }
  readonly #home: Home
  readonly #terms: Terms
  readonly #waits: Set<Waiting> = new Set()
  readonly #receptions: Set<Attached> = new Set()
  readonly #unanswered: Set<Sending> = new Set()
  #notice: (notice: DrainNotice) => void = () => {}
  #end: (end: LinkEnd) => void = () => {}
  #over: MessagingError | undefined

  constructor(home: Home, engine: EngineInfo, terms: Terms) {
    this.engine = engine
    this.#terms = terms
    this.turns = home.turns
    this.#home = home
    this.draining = new Promise((resolve) => {
      this.#notice = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    if (!isChannelName(spec.name)) return Promise.reject(invalid('a channel name is not well-formed'))
    return this.ask({
      what: `open of channel "${spec.name}"`,
      signal,
      work: () => {
        const place = this.#home.place(spec, this.#terms.missing)
        return new MemoryChannel(this, place, this.#home.can(spec, this.#terms.without))
      },
    })
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.ask({ what: 'probe of the memory engine', signal, work: () => undefined })
  }

  async close(signal: AbortSignal): Promise<void> {
    const end = (): void => this.finish({ by: 'us' }, closed())
    if (signal.aborted) end()
    // In its turn: after what was sent before. A hung engine has no turns; then the signal decides.
    else await this.ask({ what: 'close', signal, work: end }).catch(end)
    await this.ended
  }

  /** Tells the client to leave; nothing else changes. */
  drain(notice: DrainNotice): void {
    this.#notice(notice)
  }

  /** `to`: whom it reaches, the engine itself or one of its channels. */
  ask<T>(options: AskOptions<T>, to: Turns | Gate = this.turns): Promise<T> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    const ask = new Ask(this.#waits, options)
    to.post(ask)
    return ask.promise
  }

  /** Hands it to the engine; else gives the outcome that each of its messages has. */
  submit(sending: Sending, to: Gate): SendOutcome | undefined {
    if (this.#over !== undefined) return { outcome: 'unsent', error: this.#over }
    if (!to.admits(sending.weight)) return INBOX_FULL
    to.post(sending)
    return undefined
  }

  expect(sending: Sending): void {
    this.#unanswered.add(sending)
  }

  answered(sending: Sending): void {
    this.#unanswered.delete(sending)
  }

  attach(place: Place, seat: Pick<Seat, 'source' | 'flow' | 'can'>): Attached {
    const reception = place.store.attach({
      ...seat,
      beatMs: this.#home.beatMs,
      later: (work, dropped) => this.#later(place.gate, work, dropped),
      leave: (gone) => {
        this.#receptions.delete(gone)
        place.receptions.delete(gone)
        this.#home.detached(gone)
      },
    })
    this.#receptions.add(reception)
    place.receptions.add(reception)
    this.#home.attached(reception)
    return reception
  }

  /** Ends it, once: first everything on it, then itself. Its sends, receptions and waits hear `error`. */
  finish(end: LinkEnd, error: MessagingError): void {
    if (this.#over !== undefined) return
    this.#over = error
    this.#home.gone(this)
    this.#reportOpen(end, error)
    for (const reception of [...this.#receptions]) reception.end()
    for (const wait of [...this.#waits]) wait.fail(error)
    // One turn of promises later, so that whoever waits hears of everything else first.
    queueMicrotask(() => this.#end(end))
  }

  #reportOpen(end: LinkEnd, error: MessagingError): void {
    const unknown: SendOutcome = { outcome: 'unknown', error: maybe(`the link ended (${error.message})`, error) }
    // Closed by us: what the engine has not read it never will. Killed: who knows what it read.
    const unsent: SendOutcome = end.by === 'us' ? { outcome: 'unsent', error } : unknown
    const unread = [...this.turns.inbox(), ...this.#home.held()]
    for (const op of [...this.#unanswered, ...unread]) {
      if (op instanceof Sending && op.sender === this) op.cancel(unsent, unknown)
    }
  }

  /** Settles are bounded by the lease and by the link, not by a signal. */
  async #later(to: Gate, work: () => void, dropped: (() => void) | undefined): Promise<void> {
    try {
      await this.ask({ what: 'settle', signal: NEVER, work, ...(dropped && { dropped }) }, to)
    } catch (error) {
      if (MessagingError.is(error) && error.code === 'conflict') throw error
      throw maybe('the link ended before the engine answered', MessagingError.is(error) ? error : undefined)
    }
  }
}
