import {
  type Batch,
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type Flow,
  MessagingError,
  type Reception,
  type Source,
} from '@spanwire/driver'
import { deferred } from '../runtime/deferred.js'
import type { Runtime } from '../runtime/runtime.js'
import { within } from '../runtime/within.js'
import { backoffMs } from './backoff.js'
import { BeatWatch } from './beat-watch.js'
import { isDenied, retryMs } from './channels.js'
import { asFault } from './dial.js'
import type { Follow } from './retire.js'
import type { Session } from './session.js'
import { STABLE_MS } from './step.js'

/** `refused`: forbidden, missing, impossible here; tried again slowly where that can change, else with the next link. */
export type AttachmentState =
  | { readonly at: 'waiting' }
  | { readonly at: 'attaching' }
  | { readonly at: 'attached' }
  | { readonly at: 'refused'; readonly error: MessagingError }
  | { readonly at: 'stopped' }

/** `conflict`: the position given last is of another log. */
export type AttachReason = 'first' | 'again' | 'conflict'

export interface AttachmentOptions {
  /** Asked at each attach; `can`: of the channel that is attached to. */
  source(why: AttachReason, can: Capabilities): Source
  readonly flow: Flow
  /** Comes in order, one at a time: the next pull waits for a promise that it returns. Must not throw or reject. */
  onBatch(batch: Batch, can: Capabilities): void | Promise<void>
  /** Never called from within `attach`. The last one is `stopped`. */
  onState(state: AttachmentState): void
  readonly runtime: Runtime
}

/** A reception that is kept alive on one site. */
export interface Attachment {
  readonly state: AttachmentState
  /** How often the reception of now shows a sign of life; absent: not, or there is none. */
  readonly beatMs: number | undefined
  /** New bounds, from now on and for later attaches. */
  adjust(flow: Flow): void
  /** The log is not the one that the position was of: attaches anew, asking for another source. */
  restart(): void
  /** No pull after the call. Resolves when what was pulled is settled, or given back at the signal's abort. A second call waits for the first. */
  stop(signal: AbortSignal): Promise<void>
}

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

/** Keeps one reception attached: again at once with each new link, with backoff while the link stays. Ends by `stop` or with the session. */
export function attach(session: Session, spec: ChannelSpec, options: AttachmentOptions): Attachment {
  return new Keeper(session, spec, options)
}

class Keeper implements Attachment {
  readonly #session: Session
  readonly #spec: ChannelSpec
  readonly #options: AttachmentOptions
  readonly #stop = new AbortController()
  readonly #run: Promise<void>
  #state: AttachmentState = WAITING
  #why: AttachReason = 'first'
  #failures = 0
  #isSettled = false
  #flow: Flow
  #reception: Reception | undefined
  /** On the link that takes the place of ours: read from when ours has stopped. */
  #next: Attached | undefined
  /** What it still has comes over the next one as well. */
  #passed: Reception | undefined
  #stopped: Promise<void> | undefined

  constructor(session: Session, spec: ChannelSpec, options: AttachmentOptions) {
    this.#session = session
    this.#spec = spec
    this.#options = options
    this.#flow = options.flow
    this.#run = Promise.resolve().then(() => this.#keep())
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

  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#end(signal)
    return this.#stopped
  }

  async #end(signal: AbortSignal): Promise<void> {
    this.#stop.abort()
    // The loop may still wait for the reader of the last batch; nobody has to.
    await (this.#reception ? this.#reception.stop(signal) : this.#run)
    this.#set(STOPPED)
  }

  get #over(): boolean {
    return this.#stop.signal.aborted || this.#session.state.at === 'closed'
  }

  async #keep(): Promise<void> {
    while (!this.#over) {
      const place = this.#session.channel(this.#spec)
      if (place.at === 'open') await this.#serve(place.channel)
      else {
        this.#set(place.at === 'refused' ? afterError(place.error) : WAITING)
        await this.#until(() => this.#session.channel(this.#spec) !== place, Infinity)
      }
    }
    if (!this.#stop.signal.aborted) this.#set(STOPPED)
  }

  async #serve(channel: Channel): Promise<void> {
    const { runtime } = this.#options
    const { link } = this.#session
    const began = runtime.now()
    let fault: MessagingError | undefined
    try {
      let now: Attached | undefined = await this.#receive(channel)
      while (now !== undefined) {
        await this.#pump(now)
        now = this.#next
        this.#next = undefined
      }
    } catch (error) {
      fault = asFault(error, `Receiving from ${this.#spec.kind} ${this.#spec.name} failed.`)
    }
    this.#reception = undefined
    if (this.#over) return
    if (runtime.now() - began >= STABLE_MS) this.#failures = 0
    this.#failures += 1
    const wait = this.#afterwards(fault)
    if (wait > 0) await this.#until(() => this.#session.link !== link, wait)
    if (this.#session.link !== link) this.#failures = 0
  }

  /** Goes along with the session to another link. `over`: the old one is read no more. */
  async #follow(old: Reception, over: Promise<void>, cut: AbortSignal): Promise<void> {
    try {
      await this.#until(() => this.#session.channel(this.#spec).at !== 'opening', Infinity)
      const place = this.#session.channel(this.#spec)
      if (place.at === 'open' && !this.#over) this.#next = await this.#receive(place.channel, old)
      // What comes over the old one alone is on its way there for a moment yet.
      if (this.#next && this.#passed !== old) {
        const { runtime } = this.#options
        await Promise.race([over, new Promise<void>((resolve) => void runtime.after(LINGER_MS, resolve))])
      }
    } catch {
      // Attaching anew, once the old one has stopped, says why.
    }
    await old.stop(cut)
  }

  /** `instead`: of which reception, that goes on meanwhile. */
  async #receive(channel: Channel, instead?: Reception): Promise<Attached> {
    if (instead === undefined) this.#set(ATTACHING)
    const { runtime } = this.#options
    const late = `Attaching to ${this.#spec.kind} ${this.#spec.name} got no answer within ${ATTACH_MS} ms, though the connection stands.`
    const reception = await within({ runtime, ms: ATTACH_MS, late }, this.#stop.signal, (signal) => {
      const source = this.#options.source(this.#why, channel.can)
      this.#isSettled = this.#spec.kind !== 'topic' || source.group !== undefined
      if (!this.#isSettled && source.start?.at !== 'now') this.#passed = instead
      return channel.receive(source, this.#flow, signal)
    })
    this.#why = 'again'
    this.#reception = reception
    return { reception, can: channel.can }
  }

  async #pump({ can, reception }: Attached): Promise<void> {
    // Stopped while the reception was on its way here: nothing has been pulled.
    if (this.#stop.signal.aborted) return reception.stop(this.#stop.signal)
    this.#set(ATTACHED)
    let silence: MessagingError | undefined
    const { kind, name } = this.#spec
    const watch = this.#watch(reception, (ms) => {
      const text = `${kind} ${name} gave no sign of life for ${Math.round(ms)} ms, though the connection stands.`
      silence = new MessagingError('unavailable', text, { scope: 'channel' })
      void reception.stop(AbortSignal.abort())
    })
    const over = deferred<void>()
    const follow: Follow = (cut) => this.#follow(reception, over.promise, cut)
    this.#session.followers.add(follow)
    try {
      for (;;) {
        watch?.wait()
        const batch = await reception.next()
        watch?.came()
        if (silence) throw silence
        if (!batch) return
        const taken = this.#passed === reception ? undefined : this.#options.onBatch(batch, can)
        if (taken) await taken
        // Nothing is asked for that would have to go back.
        if (this.#isSettled && this.#next) return
      }
    } finally {
      watch?.end()
      this.#session.followers.delete(follow)
      over.resolve()
    }
  }

  /** Only of what is not settled: attaching anew would give jobs back that are being worked on. */
  #watch({ beatMs }: Reception, silent: (forMs: number) => void): BeatWatch | undefined {
    if (beatMs === undefined || this.#isSettled) return undefined
    return new BeatWatch(this.#options.runtime, beatMs, silent)
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
      const { signal } = this.#stop
      const done = () => {
        off()
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const look = () => {
        if (this.#over || check()) done()
      }
      const off = this.#session.onChange(look, this.#spec.name)
      const cancel = ms < Infinity ? this.#options.runtime.after(ms, done) : () => {}
      signal.addEventListener('abort', done)
      look()
    })
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
