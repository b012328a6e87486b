import { type Batch, type Delivery, type Flow, MessagingError, type Reception, type Source } from '@spanwire/driver'
import type { Context, Intake } from '../client/context.js'
import { type From, Reading, type ReadingSink } from '../client/reading.js'
import type { Routed } from '../client/sending.js'
import type { Taken } from '../client/taken.js'
import { listen } from '../route/listen.js'
import { deferred } from '../runtime/deferred.js'
import { HopQueue } from './hop-queue.js'

/** A topic read at all its sites as one reception: exact duplicates dropped, order and gaps left to the reader behind (R49). */
export class HopReading implements Reception, ReadingSink, Intake {
  readonly channel: string
  readonly #context: Context
  readonly #queue: HopQueue
  readonly #reading: Reading
  readonly #attached = deferred<void>()
  /** Resume points by site, of what was given so far. */
  readonly #last = new Map<string, Taken>()
  #caughtUp = false

  static async attach(
    context: Context,
    routed: Routed,
    source: Source,
    flow: Flow,
    signal: AbortSignal,
  ): Promise<HopReading> {
    const reading = new HopReading(context, routed, source, flow)
    const abort = (): void =>
      reading.#attached.reject(new MessagingError('canceled', `${routed.name}: attaching was given up`))
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      await reading.#attached.promise
      return reading
    } catch (error) {
      await reading.stop(AbortSignal.abort())
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  private constructor(context: Context, routed: Routed, source: Source, flow: Flow) {
    this.channel = routed.name
    this.#context = context
    this.#queue = new HopQueue(flow)
    this.#reading = new Reading(
      context,
      {
        name: routed.name,
        channel: routed.name,
        spec: routed.spec,
        keep: routed.delivery ?? 'durable',
        latest: routed.latest ?? false,
        paths: source.paths,
        sites: listen(context.policy(routed.spec), context.picture()),
        from: fromOf(source),
        order: 'arrival',
        group: undefined,
        flow,
        gaps: false,
      },
      this,
    )
    context.intakes.add(this)
  }

  next(): Promise<Batch | undefined> {
    return this.#queue.next()
  }

  adjust(flow: Flow): void {
    this.#queue.adjust(flow)
    this.#reading.adjust(flow)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#queue.end()
    await this.#reading.stop(signal)
    this.#context.intakes.delete(this)
  }

  give(taken: Taken): void {
    this.#last.set(taken.site, taken)
    this.#queue.push(new Passed(taken, new Map(this.#last)))
  }

  room(): Promise<void> | undefined {
    return this.#queue.room()
  }

  lost(lost: NonNullable<Batch['lost']>): void {
    this.#queue.lost(lost)
  }

  changed(): void {
    queueMicrotask(() => {
      const { attached, caughtUp, refusal } = this.#reading
      if (refusal !== undefined) this.#attached.reject(refusal)
      else if (attached.length > 0) this.#attached.resolve()
      if (this.#caughtUp || attached.length === 0 || caughtUp.length < attached.length) return
      this.#caughtUp = true
      this.#queue.caughtUp()
    })
  }
}

/** A delivery as it came, with a resume point over all sites. */
class Passed implements Delivery {
  readonly path: string
  readonly id: string | undefined
  readonly body: Delivery['body']
  readonly timeMs: number | undefined
  readonly attempt = 1
  readonly held = true
  readonly #delivery: Delivery
  readonly #places: ReadonlyMap<string, Taken>

  constructor({ delivery }: Taken, places: ReadonlyMap<string, Taken>) {
    this.path = delivery.path
    this.id = delivery.id
    this.body = delivery.body
    this.timeMs = delivery.timeMs
    this.#delivery = delivery
    this.#places = places
  }

  headers(): ReturnType<Delivery['headers']> {
    return this.#delivery.headers()
  }

  position(): string | undefined {
    const places: Record<string, string> = {}
    for (const [site, taken] of this.#places) {
      const position = taken.delivery.position()
      if (position !== undefined) places[site] = position
    }
    return JSON.stringify([this.timeMs ?? 0, places])
  }

  settle(): Promise<void> {
    return Promise.reject(new MessagingError('capability', 'messages of a topic without group are not settled'))
  }

  extend(): Promise<void> {
    return this.settle()
  }
}

function fromOf({ start = { at: 'now' } }: Source): From {
  if (start.at !== 'position') return start
  try {
    const [timeMs, positions] = JSON.parse(start.position) as [number, Record<string, string>]
    if (Number.isFinite(timeMs) && typeof positions === 'object') return { at: 'checkpoint', positions, timeMs }
  } catch {
    // Falls through: a text of another maker.
  }
  throw new MessagingError('conflict', 'the position is of another log', { scope: 'channel' })
}
