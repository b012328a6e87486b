import type { Batch, Capabilities, ChannelSpec, Delivery } from '@spanwire/driver'
import { deferred } from '../runtime/deferred.js'
import { type Attachment, attach } from '../session/attachment.js'
import type { Worker } from './api.js'
import type { Context, Intake } from './context.js'
import { follow, watchSites } from './follow.js'
import { listenAt } from './listening.js'
import { Taken } from './taken.js'

export interface WorkingOptions {
  readonly channel: string
  readonly spec: ChannelSpec
  readonly concurrency: number
  readonly signal: AbortSignal | undefined
  /** Throws `capability` where the engine cannot keep the contract. */
  check?(can: Capabilities, site: string): void
  /** Handles one delivery to its end, settled. Never rejects. `run` is this one's own: aborted when the worker is cut. */
  handle(delivery: Delivery, site: string, can: Capabilities, run: AbortController): Promise<void>
}

interface Waiting {
  readonly delivery: Delivery
  readonly site: string
  readonly can: Capabilities
}

/** A site that is worked at. */
interface Place {
  readonly attachment: Attachment
  /** When it gave something last, or what it gave was done, Runtime ms. */
  gaveAt: number
  /** Given and not done. */
  open: number
}

const FLOW_BYTES = 4 << 20
/** A site that the routes have left is worked at until it had nothing for so long. */
const EMPTY_MS = 30_000

/** Takes work from every site, and has at most `concurrency` of it running; what a site delivered ahead waits, bounded by its flow. */
export class Working implements Worker, Intake {
  readonly channel: string
  readonly spec: ChannelSpec
  readonly ready: Promise<void>
  tap: Intake['tap']
  readonly #context: Context
  readonly #options: WorkingOptions
  readonly #places = new Map<string, Place>()
  readonly #isReady = deferred<void>()
  readonly #idle: (() => void)[] = []
  /** What runs now, each with the means to cut it. */
  readonly #runs = new Set<AbortController>()
  readonly #unwatch: () => void
  #unfollow: (() => void) | undefined
  readonly #waiting: Waiting[] = []
  #leaving: (() => void) | undefined
  #stopping: Promise<void> | undefined

  constructor(context: Context, options: WorkingOptions) {
    this.#context = context
    this.#options = options
    this.channel = options.channel
    this.spec = options.spec
    this.ready = this.#isReady.promise
    this.ready.catch(() => undefined)
    this.reroute()
    context.intakes.add(this)
    this.#unwatch = watchSites(context, options.spec.name, () => this.#look())
    this.#unfollow = follow(options.signal, () => this.stop())
  }

  stop(signal?: AbortSignal): Promise<void> {
    this.#stopping ??= this.#end(signal)
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Works wherever work may be: what lies at a site that the routes have left is done first. */
  reroute(): void {
    if (this.#stopping !== undefined) return
    const { runtime } = this.#context
    const now = runtime.now()
    const sites = listenAt(this.#context, this.spec)
    for (const site of sites)
      if (!this.#places.has(site)) this.#places.set(site, { attachment: this.#attach(site), gaveAt: now, open: 0 })
    this.#leaving?.()
    this.#leaving = undefined
    for (const [site, { attachment, gaveAt, open }] of this.#places) {
      if (sites.includes(site)) continue
      if (attachment.state.at === 'attached' && open === 0 && now - gaveAt >= EMPTY_MS) {
        this.#places.delete(site)
        void attachment.stop(AbortSignal.abort())
      } else this.#leaving ??= runtime.after(EMPTY_MS, () => this.reroute())
    }
    queueMicrotask(() => this.#look())
  }

  #attach(site: string): Attachment {
    const { concurrency, spec } = this.#options
    return attach(this.#context.session(site), spec, {
      runtime: this.#context.runtime,
      flow: { messages: concurrency, bytes: FLOW_BYTES },
      source: (_why, can) => {
        this.#options.check?.(can, site)
        return {}
      },
      onBatch: (batch, can) => this.#take(batch, site, can),
      onState: () => queueMicrotask(() => this.#look()),
    })
  }

  #take(batch: Batch, site: string, can: Capabilities): void {
    this.#count(site, batch.deliveries.length)
    for (const delivery of batch.deliveries) {
      this.tap?.(new Taken(delivery, site))
      this.#waiting.push({ delivery, site, can })
    }
    this.#work()
  }

  #work(): void {
    while (this.#runs.size < this.#options.concurrency && this.#stopping === undefined) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      // Lost while it waited here: somebody else has it by now.
      if (!next.delivery.held) {
        this.#count(next.site, -1)
        continue
      }
      const run = new AbortController()
      this.#runs.add(run)
      void this.#options.handle(next.delivery, next.site, next.can, run).then(() => {
        this.#runs.delete(run)
        this.#count(next.site, -1)
        this.#work()
        if (this.#runs.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
      })
    }
  }

  #count(site: string, change: number): void {
    const place = this.#places.get(site)
    if (place === undefined || change === 0) return
    place.open += change
    place.gaveAt = this.#context.runtime.now()
  }

  #look(): void {
    const states = [...this.#places].map(([site, { attachment }]) => [site, attachment.state] as const)
    const refused = states.flatMap(([, state]) => (state.at === 'refused' ? [state.error] : []))
    if (refused.length === states.length) this.#isReady.reject(refused[0])
    const settled = states.every(
      ([site, { at }]) => at === 'attached' || at === 'refused' || !isComing(this.#context, site),
    )
    if (settled && states.some(([, { at }]) => at === 'attached')) this.#isReady.resolve()
  }

  /** Intake ends at once, what runs may finish within the signal; what waits unstarted goes back. */
  async #end(signal: AbortSignal | undefined): Promise<void> {
    this.#unwatch()
    this.#unfollow?.()
    this.#leaving?.()
    this.#waiting.length = 0
    const cut = (): void => {
      for (const run of this.#runs) run.abort()
      for (const resolve of this.#idle.splice(0)) resolve()
    }
    const uncut = follow(signal, cut)
    const attachments = [...this.#places.values()].map(({ attachment }) => attachment)
    const stopped = Promise.all(attachments.map((attachment) => attachment.stop(this.#returned(signal))))
    if (this.#runs.size > 0 && !signal?.aborted) await new Promise<void>((resolve) => this.#idle.push(resolve))
    await stopped
    uncut()
    this.#context.intakes.delete(this)
  }

  /** Receptions wait for what was pulled; unstarted jobs will never be settled by us, so they are given back when the running ones end. */
  #returned(signal: AbortSignal | undefined): AbortSignal {
    const end = new AbortController()
    const give = (): void => end.abort()
    if (this.#runs.size === 0) give()
    else this.#idle.push(give)
    signal?.addEventListener('abort', give)
    return end.signal
  }
}

/** A first dial under way is worth waiting for. */
export function isComing(context: Context, site: string): boolean {
  const { state } = context.session(site)
  if (state.at === 'dialing') return state.cause === undefined
  return state.at !== 'waiting' && state.at !== 'disabled' && state.at !== 'closed'
}
