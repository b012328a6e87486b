import type { Batch, Capabilities, ChannelSpec, Delivery, Flow, Reception, Source } from '@spanwire/driver'
import type { Intake } from '../client/context.js'
import { isComing } from '../client/working.js'
import { deferred } from '../runtime/deferred.js'
import { type Attachment, attach } from '../session/attachment.js'
import { HopQueue } from './hop-queue.js'
import type { HopLife } from './life.js'
import { Owed } from './owed.js'
import { Passed } from './passed.js'
import { sitesOf } from './places.js'

/**
 * Work of all sites as one reception: each delivery is settled where it came from. Every site may hand over as much as
 * `flow` allows, because mostly one of them has the work; no more than that is given out at a time.
 */
export class HopWork implements Reception, Intake {
  readonly channel: string
  readonly spec: ChannelSpec
  /** Of the sites that were attached first: one that lives shows it so often. */
  beatMs?: number
  /** Resolves when every site that can be had is attached; rejects when all refuse. */
  readonly attached: Promise<void>
  readonly #attached = deferred<void>()
  readonly #life: HopLife
  readonly #can: Capabilities
  readonly #queue: HopQueue
  readonly #source: Source
  #flow: Flow
  /** By site. What lies at a site that the routes have left is given out as well. */
  readonly #attachments = new Map<string, Attachment>()
  readonly #owed: Owed
  #stopping: Promise<void> | undefined

  constructor(life: HopLife, spec: ChannelSpec, can: Capabilities, source: Source, flow: Flow) {
    const { context } = life
    this.channel = spec.name
    this.spec = spec
    this.#source = source
    this.#flow = flow
    this.attached = this.#attached.promise
    this.#life = life
    this.#can = can
    this.#owed = new Owed(flow.messages)
    this.#queue = new HopQueue(flow, 'wait', this.#owed)
    this.reroute()
    context.intakes.add(this)
    life.receptions.add(this)
  }

  reroute(): void {
    const { context } = this.#life
    if (this.#stopping !== undefined) return
    for (const site of sitesOf(context, this.spec)) {
      if (this.#attachments.has(site)) continue
      const attachment = attach(context.session(site), this.spec, {
        runtime: context.runtime,
        flow: this.#flow,
        source: () => this.#source,
        onBatch: (batch) => this.#take(batch),
        onState: () => queueMicrotask(() => this.#look()),
      })
      this.#attachments.set(site, attachment)
    }
  }

  next(): Promise<Batch | undefined> {
    return this.#queue.next()
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#owed.adjust(flow.messages)
    this.#queue.adjust(flow)
    for (const attachment of this.#attachments.values()) attachment.adjust(flow)
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#stopping ??= this.#end(signal)
    return this.#stopping
  }

  async #end(signal: AbortSignal): Promise<void> {
    for (const delivery of this.#queue.end()) this.#giveBack(delivery)
    // Sites wait for all that they handed over, also for what nobody pulled here: until the pulled ones are settled.
    const back = new AbortController()
    const give = (): void => back.abort()
    signal.addEventListener('abort', give)
    const stopped = Promise.all([...this.#attachments.values()].map((attachment) => attachment.stop(back.signal)))
    if (signal.aborted) give()
    else void this.#owed.empty().then(give)
    await stopped
    signal.removeEventListener('abort', give)
    this.#life.context.intakes.delete(this)
    this.#life.receptions.delete(this)
  }

  readonly #settled = (delivery: Delivery): void => {
    this.#owed.settled(delivery)
    this.#queue.wake()
  }

  #take(batch: Batch): Promise<void> | undefined {
    if (batch.lost !== undefined) this.#queue.lost(batch.lost)
    for (const delivery of batch.deliveries) {
      if (this.#stopping !== undefined) this.#giveBack(delivery)
      else this.#queue.push(new Passed(delivery, undefined, this.#settled))
    }
    this.#queue.beat()
    return this.#queue.room()
  }

  /** Where a site cannot be told so, it goes back when the pulled ones are settled. */
  #giveBack(delivery: Delivery): void {
    if (this.#can.retries) delivery.settle({ retryMs: 0 }).catch(() => undefined)
  }

  #look(): void {
    const states = [...this.#attachments.values()].map((attachment) => attachment.state)
    const refused = states.flatMap((state) => (state.at === 'refused' ? [state.error] : []))
    if (refused.length === states.length) {
      this.#attached.reject(refused[0])
      // It was attached before: whoever pulls learns of it.
      this.#queue.end(refused[0])
      void this.stop(AbortSignal.abort())
    }
    const settled = [...this.#attachments].every(([site, { state }]) => {
      return state.at === 'attached' || state.at === 'refused' || !isComing(this.#life.context, site)
    })
    if (!settled || states.every((state) => state.at !== 'attached')) return
    const beats = [...this.#attachments.values()].flatMap((attachment) => attachment.beatMs ?? [])
    if (beats.length > 0) this.beatMs ??= Math.max(...beats)
    this.#attached.resolve()
  }
}
