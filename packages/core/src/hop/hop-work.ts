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

/** A site that work is taken from. */
interface Seat {
  readonly attachment: Attachment
  /** When it gave something last, or what it gave was settled, Runtime ms. */
  gaveAt: number
  /** Given and not settled, some of it lost meanwhile. About what the flow allows. */
  readonly open: Set<Delivery>
}

/** A site that the routes have left is read until it had nothing for so long, as by workers. */
const EMPTY_MS = 30_000

/** Everything that it gave is done, and it gives no more. */
function isEmpty({ attachment, gaveAt, open }: Seat, nowMs: number): boolean {
  forgetLost(open)
  return attachment.state.at === 'attached' && open.size === 0 && nowMs - gaveAt >= EMPTY_MS
}

/** What was lost is nobody's to settle. */
function forgetLost(open: Set<Delivery>): void {
  for (const delivery of open) if (!delivery.held) open.delete(delivery)
}

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
  readonly #seats = new Map<string, Seat>()
  /** Looks again whether a site that the routes have left has nothing more. */
  #leaving: (() => void) | undefined
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
    const sites = sitesOf(context, this.spec)
    for (const site of sites) if (!this.#seats.has(site)) this.#seats.set(site, this.#sit(site))
    this.#leaving?.()
    this.#leaving = undefined
    for (const [site, seat] of this.#seats) {
      if (sites.includes(site)) continue
      if (isEmpty(seat, context.runtime.now())) {
        this.#seats.delete(site)
        void seat.attachment.stop(AbortSignal.abort())
      } else this.#leaving ??= context.runtime.after(EMPTY_MS, () => this.reroute())
    }
  }

  #sit(site: string): Seat {
    const { runtime, session } = this.#life.context
    const seat: Seat = {
      attachment: attach(session(site), this.spec, {
        runtime,
        flow: this.#flow,
        source: () => this.#source,
        onBatch: (batch) => this.#take(seat, batch),
        onState: () => queueMicrotask(() => this.#look()),
      }),
      gaveAt: runtime.now(),
      open: new Set(),
    }
    return seat
  }

  next(): Promise<Batch | undefined> {
    return this.#queue.next()
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#owed.adjust(flow.messages)
    this.#queue.adjust(flow)
    for (const { attachment } of this.#seats.values()) attachment.adjust(flow)
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#stopping ??= this.#end(signal)
    return this.#stopping
  }

  async #end(signal: AbortSignal): Promise<void> {
    this.#leaving?.()
    for (const delivery of this.#queue.end()) this.#giveBack(delivery)
    // Sites wait for all that they handed over, also for what nobody pulled here: until the pulled ones are settled.
    const back = new AbortController()
    const give = (): void => back.abort()
    signal.addEventListener('abort', give)
    const stopped = Promise.all([...this.#seats.values()].map(({ attachment }) => attachment.stop(back.signal)))
    if (signal.aborted) give()
    else void this.#owed.empty().then(give)
    await stopped
    signal.removeEventListener('abort', give)
    this.#life.context.intakes.delete(this)
    this.#life.receptions.delete(this)
  }

  #settled(seat: Seat, delivery: Delivery): void {
    seat.open.delete(delivery)
    seat.gaveAt = this.#life.context.runtime.now()
    this.#owed.settled(delivery)
    this.#queue.wake()
  }

  #take(seat: Seat, batch: Batch): Promise<void> | undefined {
    const settled = (delivery: Delivery): void => this.#settled(seat, delivery)
    if (batch.lost !== undefined) this.#queue.lost(batch.lost)
    if (seat.open.size > this.#flow.messages) forgetLost(seat.open)
    for (const delivery of batch.deliveries) {
      if (this.#stopping !== undefined) this.#giveBack(delivery)
      else {
        const passed = new Passed(delivery, undefined, settled)
        seat.gaveAt = this.#life.context.runtime.now()
        seat.open.add(passed)
        this.#queue.push(passed)
      }
    }
    this.#queue.beat()
    return this.#queue.room()
  }

  /** Where a site cannot be told so, it goes back when the pulled ones are settled. */
  #giveBack(delivery: Delivery): void {
    if (this.#can.retries) delivery.settle({ retryMs: 0 }).catch(() => undefined)
  }

  #look(): void {
    const states = [...this.#seats.values()].map(({ attachment }) => attachment.state)
    const refused = states.flatMap((state) => (state.at === 'refused' ? [state.error] : []))
    if (refused.length === states.length) {
      this.#attached.reject(refused[0])
      // It was attached before: whoever pulls learns of it.
      this.#queue.end(refused[0])
      void this.stop(AbortSignal.abort())
    }
    const settled = [...this.#seats].every(
      ([
        site,
        {
          attachment: { state },
        },
      ]) => {
        return state.at === 'attached' || state.at === 'refused' || !isComing(this.#life.context, site)
      },
    )
    if (!settled || states.every((state) => state.at !== 'attached')) return
    const beats = [...this.#seats.values()].flatMap(({ attachment }) => attachment.beatMs ?? [])
    if (beats.length > 0) this.beatMs ??= Math.max(...beats)
    this.#attached.resolve()
  }
}
