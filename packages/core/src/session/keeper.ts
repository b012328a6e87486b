import {
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type Flow,
  type Link,
  MessagingError,
  type Reception,
} from '@spanwire/driver'
import { inTime } from '../runtime/within.js'
import type { Attachment, AttachmentOptions, AttachmentState, AttachReason } from './attachment.js'
import { backoffMs } from './backoff.js'
import { type Beating, BeatWatch, patienceWith } from './beat-watch.js'
import { isDenied, retryMs } from './channels.js'
import { asFault } from './dial.js'
import type { Follower } from './retire.js'
import type { Session } from './session.js'
import { STABLE_MS } from './step.js'

/** A reception, and what its channel can do. */
interface Attached {
  readonly reception: Reception
  readonly can: Capabilities
}

/** How long a source is read over two links, when one takes the place of the other. */
const LINGER_MS = 1_000
const ATTACH_MS = 10_000
const WAITING: AttachmentState = { at: 'waiting' }
const ATTACHING: AttachmentState = { at: 'attaching' }
const ATTACHED: AttachmentState = { at: 'attached' }
const STOPPED: AttachmentState = { at: 'stopped' }

/** An {@link Attachment}. */
export class Keeper implements Attachment, Beating, Follower {
  waitingSince: number = Infinity
  patienceMs: number = Infinity
  readonly #session: Session
  readonly #spec: ChannelSpec
  readonly #options: AttachmentOptions
  #state: AttachmentState = WAITING
  #why: AttachReason = 'first'
  #failures = 0
  #isSettled = false
  #flow: Flow
  /** The newest. */
  #reception: Reception | undefined
  /** The one that is pulled from. */
  #pulled: Reception | undefined
  /** On the link that takes the place of ours: read from when ours has stopped. */
  #next: Attached | undefined
  /** What it still has comes over the next one as well. */
  #passed: Reception | undefined
  /** Called when the one that is pulled from has ended, while another takes its place. */
  #ended: (() => void) | undefined
  #silence: MessagingError | undefined
  /** What is under way while there is no reception. */
  #attaching: Promise<void>
  /** What the stop ends; most of the time nothing. */
  #waits: Set<() => void> | undefined
  #isStopped = false
  #stopped: Promise<void> | undefined

  constructor(session: Session, spec: ChannelSpec, options: AttachmentOptions) {
    this.#session = session
    this.#spec = spec
    this.#options = options
    this.#flow = options.flow
    this.#attaching = Promise.resolve().then(() => this.#keep())
  }

  get state(): AttachmentState {
    return this.#state
  }

  get beatMs(): number | undefined {
    return this.#reception?.beatMs
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#reception?.adjust(flow)
  }

  restart(): void {
    this.#why = 'conflict'
    void this.#reception?.stop(AbortSignal.abort())
  }

  silent(forMs: number): void {
    const text = `${this.#what} gave no sign of life for ${Math.round(forMs)} ms, though the connection stands.`
    this.#silence = new MessagingError('unavailable', text, { scope: 'channel' })
    void this.#pulled?.stop(AbortSignal.abort())
  }

  async follow(cut: AbortSignal): Promise<void> {
    const old = this.#pulled
    try {
      await this.#until(() => this.#session.channel(this.#spec).at !== 'opening', Infinity)
      const place = this.#session.channel(this.#spec)
      if (place.at === 'open' && !this.#over) this.#next = await this.#receive(place.channel, old)
      // What comes over the old one alone is on its way there for a moment yet.
      if (this.#next && this.#passed !== old && this.#pulled === old) await this.#linger()
    } catch {
      // Attaching anew, once the old one has stopped, says why.
    }
    await old?.stop(cut)
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#end(signal)
    return this.#stopped
  }

  async #end(signal: AbortSignal): Promise<void> {
    this.#isStopped = true
    for (const leave of this.#waits ?? []) leave()
    // The loop may still wait for the reader of the last batch; nobody has to.
    await (this.#reception ? this.#reception.stop(signal) : this.#attaching)
    this.#set(STOPPED)
  }

  get #what(): string {
    return `${this.#spec.kind} ${this.#spec.name}`
  }

  get #over(): boolean {
    return this.#isStopped || this.#session.state.at === 'closed'
  }

  /** Until it is attached, or over. */
  async #keep(): Promise<void> {
    while (!this.#over) {
      const place = this.#session.channel(this.#spec)
      if (place.at !== 'open') {
        this.#set(place.at === 'refused' ? afterError(place.error) : WAITING)
        await this.#until(() => this.#session.channel(this.#spec) !== place, Infinity)
      } else if (await this.#attach(place.channel)) return
    }
    if (!this.#isStopped) this.#set(STOPPED)
  }

  /** True: it was attached. */
  async #attach(channel: Channel): Promise<boolean> {
    const { link } = this.#session
    const began = this.#options.runtime.now()
    try {
      const serving = this.#serve(await this.#receive(channel), link, began)
      if (this.#isStopped) await serving
      return true
    } catch (error) {
      await this.#rest(error, link, began)
      return false
    }
  }

  /** `instead`: of which reception, that goes on meanwhile. */
  async #receive(channel: Channel, instead?: Reception): Promise<Attached> {
    if (instead === undefined) this.#set(ATTACHING)
    const late = `Attaching to ${this.#what} got no answer within ${ATTACH_MS} ms, though the connection stands.`
    const cut = new AbortController()
    const off = this.#onStop(() => cut.abort())
    try {
      const limit = { runtime: this.#options.runtime, ms: ATTACH_MS, late }
      this.#reception = await inTime(limit, cut, (signal) => {
        const source = this.#options.source(this.#why, channel.can)
        this.#isSettled = this.#spec.kind !== 'topic' || source.group !== undefined
        if (!this.#isSettled && source.start?.at !== 'now') this.#passed = instead
        return channel.receive(source, this.#flow, signal)
      })
    } finally {
      off()
    }
    this.#why = 'again'
    return { reception: this.#reception, can: channel.can }
  }

  /** Pulls until the reception ends; goes on with the next one, or keeps on. */
  async #serve({ can, reception }: Attached, link: Link | undefined, began: number): Promise<void> {
    // Stopped while the reception was on its way here: nothing has been pulled.
    if (this.#isStopped) return reception.stop(AbortSignal.abort())
    this.#pulled = reception
    this.#set(ATTACHED)
    const watch = this.#watch(reception)
    this.#session.followers.add(this)
    let fault: unknown
    try {
      for (;;) {
        if (watch) this.waitingSince = this.#options.runtime.now()
        const batch = await reception.next()
        this.waitingSince = Infinity
        if (this.#silence) throw this.#silence
        if (!batch) break
        const taken = this.#passed === reception ? undefined : this.#options.onBatch(batch, can)
        if (taken) await taken
        // Nothing is asked for that would have to go back.
        if (this.#isSettled && this.#next) break
      }
    } catch (error) {
      fault = error
    }
    watch?.delete(this)
    this.#session.followers.delete(this)
    this.#goOn(fault, link, began)
  }

  #goOn(fault: unknown, link: Link | undefined, began: number): void {
    this.#silence = undefined
    this.#pulled = undefined
    this.#ended?.()
    const next = this.#next
    this.#next = undefined
    if (next) return void this.#serve(next, this.#session.link, this.#options.runtime.now())
    this.#reception = undefined
    this.#attaching = this.#rest(fault, link, began).then(() => this.#keep())
  }

  /** Only of what is not settled: attaching anew would give jobs back that are being worked on. */
  #watch({ beatMs }: Reception): BeatWatch | undefined {
    if (beatMs === undefined || this.#isSettled) return undefined
    this.patienceMs = patienceWith(beatMs)
    this.#session.beats ??= new BeatWatch(this.#options.runtime)
    this.#session.beats.add(this)
    return this.#session.beats
  }

  /** It could not attach, or its reception has ended: for how long it leaves the link alone. */
  async #rest(error: unknown, link: Link | undefined, began: number): Promise<void> {
    if (this.#over) return
    const fault = error === undefined ? undefined : asFault(error, `Receiving from ${this.#what} failed.`)
    if (this.#options.runtime.now() - began >= STABLE_MS) this.#failures = 0
    this.#failures += 1
    const wait = this.#afterwards(fault)
    if (wait > 0) await this.#until(() => this.#session.link !== link, wait)
    if (this.#session.link !== link) this.#failures = 0
  }

  /** How long to wait on the same link. */
  #afterwards(fault: MessagingError | undefined): number {
    const chance = this.#options.runtime.random()
    if (fault?.code === 'conflict' && this.#why !== 'conflict') {
      this.#why = 'conflict'
      // Another start will do; but a log that is always another one must not make us spin.
      if (this.#failures === 1) return 0
      this.#set(WAITING)
      return backoffMs(this.#failures, chance)
    }
    this.#set(fault ? afterError(fault) : WAITING)
    return fault ? retryMs(fault, this.#failures, chance) : backoffMs(this.#failures, chance)
  }

  /** Waits for a session change after which `check` holds, at most `ms`, or for the end. */
  #until(check: () => boolean, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        off()
        cancel()
        forget()
        resolve()
      }
      const look = () => (this.#over || check()) && done()
      const off = this.#session.onChange(look, this.#spec.name)
      const cancel = ms < Infinity ? this.#options.runtime.after(ms, done) : () => {}
      const forget = this.#onStop(done)
      look()
    })
  }

  /** Until the one that is pulled from has ended, or long enough. */
  #linger(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        this.#ended = undefined
        resolve()
      }
      const cancel = this.#options.runtime.after(LINGER_MS, done)
      this.#ended = done
    })
  }

  /** The result takes it back. */
  #onStop(leave: () => void): () => void {
    const waits = this.#waits ?? new Set()
    this.#waits = waits.add(leave)
    return () => {
      if (waits.delete(leave) && waits.size === 0 && this.#waits === waits) this.#waits = undefined
    }
  }

  #set(state: AttachmentState): void {
    if (state === this.#state || this.#state === STOPPED) return
    this.#state = state
    this.#options.onState(state)
  }
}

function afterError(error: MessagingError): AttachmentState {
  return isDenied(error) ? { at: 'refused', error } : WAITING
}
