import { type ChannelSpec, MessagingError } from '@spanwire/driver'
import type { Flags } from '../arrival/arrival.js'
import type { OutputOf, ParamsOf, Topic } from '../contract/contract.js'
import { decode } from '../contract/decode.js'
import { patternOf } from '../contract/template.js'
import type { Policy } from '../route/policy.js'
import { type Deferred, deferred } from '../runtime/deferred.js'
import { inTime } from '../runtime/in-time.js'
import type { BareClient, Checkpoint, Message, SubscribeOptions, Subscription, SubscriptionStatus } from './api.js'
import { writeCheckpoint } from './checkpoint.js'
import { type Context, channelOf, contextOf, type Intake } from './context.js'
import { follow, watchSites } from './follow.js'
import { readable } from './headers.js'
import { Inbox } from './inbox.js'
import { listenAt } from './listening.js'
import { Ordering, type OrderingSink } from './ordering.js'
import { Reading } from './reading.js'
import type { Filter, ReadingSink } from './reading-options.js'
import { Received } from './received.js'
import { assertGroup, readingOptions } from './subscribe-options.js'
import type { Taken } from './taken.js'
import { tellUndecodable } from './undecodable.js'
import { isComing } from './working.js'

const DEFAULT_BUFFER = 1_000
/** A stop that nobody bounds gives back what is unsettled after this. */
const STOP_MS = 5_000

/** Listens at every site of the route; iterates each message once, in order. Stops by its `stop`, the signal, or the end of the loop. */
export function subscribe<C extends Topic>(
  client: BareClient,
  topic: C,
  params?: Partial<ParamsOf<C>>,
  options?: SubscribeOptions,
): Subscription<OutputOf<C>, ParamsOf<C>>
export function subscribe(
  client: BareClient,
  topic: Topic,
  params: Filter = {},
  options: SubscribeOptions = {},
): Subscription<unknown, unknown> {
  const context = contextOf(client)
  context.assertOpen(`subscribe to ${topic.name}`)
  return new Reader(context, topic, params, options)
}

/** One subscription: a reading, a mailbox, and the place up to which the application has handled it. */
class Reader implements Subscription, ReadingSink, OrderingSink, Intake {
  readonly channel: string
  readonly ready: Promise<void>
  tap: Intake['tap']
  readonly #context: Context
  readonly #topic: Topic
  readonly #mailbox: Inbox
  readonly merge: Ordering
  readonly #reading: Reading
  readonly #startWallMs: number
  /** Until it is settled: afterwards nothing but the application is waited for. */
  #isReady: Deferred<void> | undefined
  readonly #settled: boolean
  /** The last one handled per site: the loop asked for the next (R37). */
  #handled: Map<string, Taken> | undefined
  /** Listens to the sites no longer, which it does until it is ready. */
  #unwatch: (() => void) | undefined
  #unfollow: (() => void) | undefined
  /** The message that the loop works on. */
  #inHand: Received | undefined
  #decoding: Promise<void> | undefined
  /** What a group's member handled last. */
  #settling: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(context: Context, topic: Topic, params: Filter, options: SubscribeOptions) {
    const pattern = patternOf(topic, params)
    this.#context = context
    this.#topic = topic
    this.#settled = options.group !== undefined
    this.channel = channelOf(topic, pattern)
    const isReady = deferred<void>()
    this.#isReady = isReady
    this.ready = isReady.promise
    // Who never looks at `ready` learns of a refusal from the iteration.
    this.ready.catch(() => undefined)
    const limit = options.buffer ?? DEFAULT_BUFFER
    const overflow = options.overflow ?? (topic.delivery === 'live' ? 'drop-oldest' : 'wait')
    this.#mailbox = new Inbox(context, this.channel, limit, overflow)
    const reading = readingOptions(context, topic, pattern, options, limit)
    context.intakes.add(this)
    this.#startWallMs = reading.startWallMs
    this.merge = new Ordering(context, reading, this)
    this.#reading = new Reading(context, reading, this)
    this.#unwatch = watchSites(context, topic.spec.name, () => this.changed())
    if (options.signal) this.#unfollow = follow(options.signal, () => this.stop())
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    const next = (): Promise<IteratorResult<Message, undefined>> => {
      const before = this.#inHand
      this.#inHand = undefined
      if (before) this.#handledBy(before)
      return this.#next()
    }
    const end = async (): Promise<IteratorResult<Message, undefined>> => {
      await this.#settling
      // The loop is over: nobody will settle what a group's member still has, so it goes back at once.
      await this.stop(this.#settled ? AbortSignal.abort() : undefined)
      return { done: true, value: undefined }
    }
    return { next, return: end }
  }

  checkpoint(): Checkpoint {
    return writeCheckpoint(this.#handled ?? [], this.merge, this.#startWallMs, this.#unhandled())
  }

  status(): SubscriptionStatus {
    const { attached, missing } = this.#reading
    const { received, duplicates, gapsOpen, held } = this.merge.arrival.stats
    return { attached, missing, received, duplicates, gapsOpen, held }
  }

  subscription(): SubscriptionStatus {
    return this.status()
  }

  get spec(): ChannelSpec {
    return this.#topic.spec
  }

  check(policy: Policy): void {
    if (this.#settled) assertGroup(this.#topic, policy)
  }

  reroute(): void {
    this.#reading.listen(listenAt(this.#context, this.spec))
    this.changed()
  }

  pace(): void {
    this.#reading.pace()
  }

  stop(signal?: AbortSignal): Promise<void> {
    const limit = { runtime: this.#context.runtime, ms: STOP_MS, late: '' }
    this.#stopping ??= signal ? this.#end(signal) : inTime(limit, new AbortController(), (cut) => this.#end(cut))
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  room(): Promise<void> | undefined {
    return this.#mailbox.room() ?? this.#decoding
  }

  /** Taken, and not yet handled by the application. */
  *#unhandled(): IterableIterator<Received> {
    if (this.#inHand !== undefined) yield this.#inHand
    yield* this.#mailbox.waiting()
  }

  changed(): void {
    const { refusal } = this.#reading
    if (refusal !== undefined) {
      this.#answer(refusal)
      this.#mailbox.end(refusal)
    } else if (this.#isReady && isAttached(this.#context, this.#reading)) this.#answer()
  }

  /** Whether it is ready, once. */
  #answer(refusal?: Error): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    if (refusal) this.#isReady?.reject(refusal)
    else this.#isReady?.resolve()
    this.#isReady = undefined
  }

  /** What is here is given at once, and counts as in hand from then on. */
  #next(): Promise<IteratorResult<Message, undefined>> {
    const here = this.#mailbox.take()
    if (here === undefined) return this.#mailbox.next().then((step) => this.#hand(step))
    this.#inHand = here
    return Promise.resolve({ value: here, done: false })
  }

  #hand(step: IteratorResult<Received, undefined>): IteratorResult<Message, undefined> {
    this.#inHand = step.value
    return step
  }

  isComplete(): boolean {
    return this.#reading.isComplete
  }

  isPast(nowMs: number, wallMs: number): boolean {
    return this.#reading.isPast(nowMs, wallMs)
  }

  behind(): readonly string[] {
    return this.#reading.behind
  }

  give(taken: Taken, flags: Flags): void {
    // An asynchronous schema: one chain keeps the order, as long as what one pull brings in.
    const pending = this.#decoding ? this.#decoding.then(() => this.#decode(taken, flags)) : this.#decode(taken, flags)
    if (pending === undefined) return
    this.#decoding = pending
    void pending.then(() => {
      if (this.#decoding === pending) this.#decoding = undefined
    })
  }

  /** Of a group's message, settled with the copy that is not handled yet: until then another member may have to. */
  repeated(taken: Taken): void {
    if (!this.#settled) return
    if (this.#decoding) return void this.#decoding.then(() => this.repeated(taken))
    const first = [...this.#unhandled()].find((waiting) => waiting.taken.id === taken.id)
    if (first) first.copy = taken
    else this.#acknowledge(taken)
  }

  #decode(taken: Taken, flags: Flags): Promise<void> | undefined {
    if (taken.removed) return this.#acknowledge(taken)
    try {
      const value = decode(this.#topic, readable(taken.delivery))
      if (value instanceof Promise) return this.#putLater(value, taken, flags)
      this.#put(value, taken, flags)
    } catch (error) {
      this.#undecodable(taken, error)
    }
    return undefined
  }

  #put(value: unknown, taken: Taken, flags: Flags): void {
    this.#mailbox.push(new Received(this.#topic, value, taken, flags))
  }

  #putLater(value: Promise<unknown>, taken: Taken, flags: Flags): Promise<void> {
    return value.then(
      (output) => this.#put(output, taken, flags),
      (error: unknown) => this.#undecodable(taken, error),
    )
  }

  /** Its bytes go to the events, and the next one is handled. */
  #undecodable(taken: Taken, cause: unknown): void {
    tellUndecodable(this.#context, this.#topic, taken, cause)
    this.#acknowledge(taken)
  }

  /** Nobody has to handle it. */
  #acknowledge({ delivery }: Taken): undefined {
    if (this.#settled) delivery.settle('ack').catch(() => undefined)
  }

  /** A group's next message does not wait for the engine: what it may leave unsettled is bounded by the flow. */
  #handledBy({ copy, taken }: Received): void {
    this.#handled ??= new Map()
    this.#handled.set(taken.site, taken)
    if (!this.#settled) return
    if (copy) this.#acknowledge(copy)
    this.#settling = taken.delivery.settle('ack').catch((error: unknown) => {
      // Somebody else of the group gets it again: at least once, as groups promise.
      this.#context.events.emit({ type: 'warning', message: `${this.channel}: acknowledging failed: ${String(error)}` })
    })
  }

  async #end(signal: AbortSignal): Promise<void> {
    this.#unfollow?.()
    this.#mailbox.end()
    this.#answer(new MessagingError('closed', `${this.channel}: the subscription was stopped`))
    await this.#reading.stop(signal)
    this.#context.intakes.delete(this)
  }
}

/** Attached at every site that has a link, and at one at least: a first dial under way is worth waiting for, a site that failed is named in the status instead. */
function isAttached(context: Context, { attached, missing }: Reading): boolean {
  return attached.length > 0 && missing.every((site) => !isComing(context, site))
}
