import {
  type Batch,
  type Capabilities,
  type ChannelSpec,
  type Flow,
  type Link,
  MessagingError,
  type Reception,
} from '@spanwire/driver'
import { inTime } from '../runtime/in-time.js'
import type { Runtime } from '../runtime/runtime.js'
import { Approach, type Comer, WAITING } from './approach.js'
import type { Attachment, AttachmentOptions, AttachmentState } from './attachment.js'
import { type Beating, BeatWatch, patienceWith } from './beat-watch.js'
import type { OpenChannel } from './channels.js'
import { asFault } from './dial.js'
import type { Follower } from './retire.js'
import type { Session } from './session.js'

/** A reception, and what its channel can do. */
interface Attached {
  readonly reception: Reception
  readonly can: Capabilities
}

/** How long a source is read over two links, when one takes the place of the other. */
const LINGER_MS = 1_000
const ATTACH_MS = 10_000
const ATTACHING: AttachmentState = { at: 'attaching' }
const ATTACHED: AttachmentState = { at: 'attached' }
const STOPPED: AttachmentState = { at: 'stopped' }
const NONE: readonly never[] = []

/** An {@link Attachment}. */
export class Keeper implements Attachment, Beating, Follower, Comer {
  waitingSince: number = Infinity
  patienceMs: number = Infinity
  readonly session: Session
  readonly spec: ChannelSpec
  readonly #options: AttachmentOptions
  #state: AttachmentState = WAITING
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
  readonly #approach: Approach
  #attaching: Promise<void> | undefined
  /** What the stop ends; most of the time nothing. */
  #waits: readonly (() => void)[] = NONE
  #isStopped = false
  #stopped: Promise<void> | undefined

  constructor(session: Session, spec: ChannelSpec, options: AttachmentOptions) {
    this.session = session
    this.spec = spec
    this.#options = options
    this.#flow = options.flow
    this.#approach = new Approach(this)
  }

  get state(): AttachmentState {
    return this.#state
  }

  get runtime(): Runtime {
    return this.#options.runtime
  }

  get beatMs(): number | undefined {
    return this.#reception?.beatMs
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#reception?.adjust(flow)
  }

  restart(): void {
    this.#approach.why = 'conflict'
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
      await this.#opened()
      const place = this.session.channel(this.spec)
      if (place.at === 'open' && !this.isOver) this.#next = await this.#receive(place, old)
      // What comes over the old one alone is on its way there for a moment yet.
      if (this.#next && this.#passed !== old && this.#pulled === old) await this.#linger()
    } catch {
      // Attaching anew, once the old one has stopped, says why.
    }
    await old?.stop(cut)
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop(signal)
    return this.#stopped
  }

  async #stop(signal: AbortSignal): Promise<void> {
    this.#isStopped = true
    this.#approach.hear()
    for (const leave of this.#waits) leave()
    // The loop may still wait for the reader of the last batch; nobody has to.
    await (this.#reception ? this.#reception.stop(signal) : this.#attaching)
    this.set(STOPPED)
  }

  get #what(): string {
    return `${this.spec.kind} ${this.spec.name}`
  }

  get isOver(): boolean {
    return this.#isStopped || this.session.state.at === 'closed'
  }

  attach(place: OpenChannel): void {
    this.#attaching = this.#attach(place)
  }

  end(): void {
    if (!this.#isStopped) this.set(STOPPED)
  }

  async #attach(place: OpenChannel): Promise<void> {
    const { link } = this.session
    const began = this.runtime.now()
    let attached: Attached | undefined
    let fault: unknown
    try {
      attached = await this.#receive(place)
    } catch (error) {
      fault = error
    }
    place.gate.leave()
    this.#attaching = undefined
    if (attached) await this.#serve(attached, link, began)
    else this.#again(fault, link, began)
  }

  /** `instead`: of which reception, that goes on meanwhile. */
  async #receive({ channel, gate }: OpenChannel, instead?: Reception): Promise<Attached> {
    if (instead === undefined) this.set(ATTACHING)
    const late = `Attaching to ${this.#what} got no answer within ${ATTACH_MS} ms, though the connection stands.`
    const cut = gate.signals.pop() ?? new AbortController()
    const off = this.#onStop(() => cut.abort())
    try {
      const limit = { runtime: this.runtime, ms: ATTACH_MS, late }
      this.#reception = await inTime(limit, cut, (signal) => {
        const source = this.#options.source(this.#approach.why, channel.can)
        this.#isSettled = this.spec.kind !== 'topic' || source.group !== undefined
        if (!this.#isSettled && source.start?.at !== 'now') this.#passed = instead
        return channel.receive(source, this.#flow, signal)
      })
    } finally {
      off()
      if (!cut.signal.aborted) gate.signals.push(cut)
    }
    this.#approach.why = 'again'
    return { reception: this.#reception, can: channel.can }
  }

  /** Pulls until the reception ends; goes on with the next one, or keeps on. Not a loop that awaits: there may be thousands, each with a beat a second. */
  #serve({ can, reception }: Attached, link: Link | undefined, began: number): Promise<void> | undefined {
    // Stopped while the reception was on its way here: nothing has been pulled.
    if (this.#isStopped) return reception.stop(AbortSignal.abort())
    this.#pulled = reception
    this.set(ATTACHED)
    // Only of what is not settled: attaching anew would give jobs back that are being worked on.
    if (reception.beatMs && !this.#isSettled) {
      this.patienceMs = patienceWith(reception.beatMs)
      this.session.beats ??= new BeatWatch(this.runtime)
      this.session.beats.add(this)
    }
    this.session.followers.add(this)
    const pull = (): void => {
      // Nothing is asked for that would have to go back.
      if (this.#isSettled && this.#next) over()
      else {
        this.waitingSince = this.runtime.now()
        reception.next().then(take, over)
      }
    }
    const take = (batch: Batch | undefined): void => {
      this.waitingSince = Infinity
      if (this.#silence || !batch) over(this.#silence)
      else {
        try {
          const taken = this.#passed === reception ? undefined : this.#options.onBatch(batch, can)
          if (taken) taken.then(pull, over)
          else pull()
        } catch (fault) {
          over(fault)
        }
      }
    }
    const over = (fault?: unknown): void => this.#goOn(fault, link, began)
    pull()
    return undefined
  }

  #goOn(fault: unknown, link: Link | undefined, began: number): void {
    this.session.beats?.delete(this)
    this.session.followers.delete(this)
    this.#silence = undefined
    this.#pulled = undefined
    this.#ended?.()
    const next = this.#next
    this.#next = undefined
    if (next) return void this.#serve(next, this.session.link, this.runtime.now())
    this.#reception = undefined
    this.#again(fault, link, began)
  }

  #again(error: unknown, link: Link | undefined, began: number): void {
    const fault = error === undefined ? undefined : asFault(error, `Receiving from ${this.#what} failed.`)
    this.#approach.again(fault, link, began)
  }

  /** Until the channel of the session's link is open or refused, or the end. */
  #opened(): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.isOver && this.session.channel(this.spec).at === 'opening') return
        off()
        forget()
        resolve()
      }
      const off = this.session.onChange(look, this.spec.name)
      const forget = this.#onStop(look)
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
      const cancel = this.runtime.after(LINGER_MS, done)
      this.#ended = done
    })
  }

  /** The result takes it back. */
  #onStop(leave: () => void): () => void {
    this.#waits = this.#waits.concat(leave)
    return () => {
      const others = this.#waits.filter((one) => one !== leave)
      this.#waits = others.length > 0 ? others : NONE
    }
  }

  set(state: AttachmentState): void {
    if (state === this.#state || this.#state === STOPPED) return
    this.#state = state
    this.#options.onState(state)
  }
}
