import {
  type Batch,
  type Capabilities,
  type ChannelSpec,
  type Delivery,
  type Flow,
  MessagingError,
  type Reception,
  type Source,
} from '@spanwire/driver'
import type { Intake } from '../client/context.js'
import { Ordering } from '../client/ordering.js'
import { Reading } from '../client/reading.js'
import type { From, ReadingOptions, ReadingSink } from '../client/reading-options.js'
import type { Taken } from '../client/taken.js'
import type { Way } from '../client/way.js'
import { isComing } from '../client/working.js'
import { deferred } from '../runtime/deferred.js'
import { HopQueue } from './hop-queue.js'
import type { HopLife } from './life.js'
import { Passed, type Position, parsePosition } from './passed.js'
import { sitesOf } from './places.js'

/** A topic read at all its sites as one reception: exact duplicates dropped, order and gaps left to the reader behind (R49). */
export class HopReading implements Reception, ReadingSink, Intake {
  readonly channel: string
  readonly spec: ChannelSpec
  /** Of the sites that were attached first: one that lives shows it so often. */
  beatMs?: number
  /** Resolves when every site that can be had is attached; rejects when all refuse, or with `conflict`. */
  readonly attached: Promise<void>
  readonly #attached = deferred<void>()
  readonly #life: HopLife
  readonly #queue: HopQueue
  readonly merge: Ordering
  readonly #reading: Reading
  readonly #from: Position
  /** Replaced, never changed: each delivery keeps the one of its moment. */
  #last: Readonly<Record<string, Delivery>> = {}
  #caughtUp = false

  constructor(life: HopLife, spec: ChannelSpec, can: Capabilities, source: Source, flow: Flow) {
    const { context } = life
    const { start = { at: 'now' } } = source
    this.channel = spec.name
    this.spec = spec
    this.attached = this.#attached.promise
    this.#life = life
    this.#from =
      start.at === 'position'
        ? parsePosition(start.position)
        : { sinceMs: start.at === 'beginning' ? 0 : context.runtime.wall(), positions: {} }
    this.#queue = new HopQueue(flow, can.waits ? 'wait' : 'drop')
    const isTopic = spec.kind === 'topic'
    const options: ReadingOptions = {
      name: spec.name,
      channel: spec.name,
      spec,
      keep: isTopic ? spec.keep : 'durable',
      latest: isTopic && spec.latest,
      paths: source.paths,
      sites: sitesOf(context, spec),
      from: this.#readingFrom(start),
      startWallMs: context.runtime.wall(),
      order: 'arrival',
      group: undefined,
      flow,
      gaps: false,
      passes: true,
    }
    this.merge = new Ordering(context, options, {
      give: (taken) => this.#give(taken),
      isComplete: () => this.#reading.isComplete,
      isPast: (nowMs, wallMs) => this.#reading.isPast(nowMs, wallMs),
    })
    this.#reading = new Reading(context, options, this)
    context.intakes.add(this)
    life.receptions.add(this)
  }

  next(): Promise<Batch | undefined> {
    return this.#queue.next()
  }

  reroute(): void {
    this.#reading.listen(sitesOf(this.#life.context, this.spec))
    this.changed()
  }

  adjust(flow: Flow): void {
    this.#queue.adjust(flow)
    this.#reading.adjust(flow)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#queue.end()
    await this.#reading.stop(signal)
    this.#life.context.intakes.delete(this)
    this.#life.receptions.delete(this)
  }

  room(): Promise<void> | undefined {
    return this.#queue.room()
  }

  lost(lost: NonNullable<Batch['lost']>): void {
    this.#queue.lost(lost)
  }

  beat(): void {
    this.#queue.beat()
  }

  conflict(): void {
    this.#attached.reject(
      new MessagingError('conflict', `${this.channel}: the position is of another log`, { scope: 'channel' }),
    )
  }

  changed(): void {
    queueMicrotask(() => this.#look())
  }

  #give({ delivery, site }: Taken): void {
    this.#last = { ...this.#last, [site]: delivery }
    this.#queue.push(
      new Passed(delivery, { sinceMs: this.#from.sinceMs, before: this.#from.positions, last: this.#last }),
    )
  }

  #look(): void {
    const { attached, caughtUp, refusal, ways } = this.#reading
    if (refusal !== undefined) {
      this.#attached.reject(refusal)
      // It was attached before: whoever pulls learns of it.
      this.#queue.end(MessagingError.is(refusal) ? refusal : undefined)
      void this.stop(AbortSignal.abort())
    }
    if (attached.length === 0 || ways.some((way) => this.#isAttaching(way))) return
    const beats = ways.flatMap(({ attachment }) => attachment.beatMs ?? [])
    if (beats.length > 0) this.beatMs ??= Math.max(...beats)
    this.#attached.resolve()
    if (this.#caughtUp || caughtUp.length < attached.length) return
    this.#caughtUp = true
    this.#queue.caughtUp()
  }

  /** It may yet be attached without anything else changing first. */
  #isAttaching({ attachment: { state }, site }: Way): boolean {
    return (state.at === 'waiting' || state.at === 'attaching') && isComing(this.#life.context, site)
  }

  #readingFrom(start: NonNullable<Source['start']>): From {
    if (start.at !== 'position') return start
    return { at: 'checkpoint', positions: this.#from.positions, timeMs: this.#from.sinceMs }
  }
}
