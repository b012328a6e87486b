import type { MessagingError, SendOutcome } from '@spanwire/driver'
import { failed, linkError, type Member, maybe } from '@spanwire/driver/kit'
import { type Entry, Lane } from './lane.js'
import type { ProduceBatch, Produced } from './port/producing.js'
import { textOfPosition } from './position.js'
import type { Wire } from './wire.js'

/** Bytes that wait for partitions of one topic. Beyond, sends are refused: a leader that hangs must not eat our memory. */
const MAX_WAITING = 64 * 1024 * 1024
/** Of a batch and each record on the wire, beside keys, values and headers. */
const BATCH_OVERHEAD = 128

export interface Target {
  readonly topic: string
  /** Which log it was when it was opened last. */
  readonly log: string
  /** Of one batch of records. */
  readonly maxBytes: number
}

/** Writes to one topic: each partition has a lane, and what all lanes have ready in one turn goes out as one call. */
export class Outbox implements Member {
  readonly #wire: Wire
  readonly #topic: string
  #log: string
  readonly #maxBytes: number
  readonly #lanes: Lane[] = []
  #isDue = false

  private constructor(wire: Wire, { topic, log, maxBytes }: Target) {
    this.#log = log
    this.#wire = wire
    this.#topic = topic
    this.#maxBytes = maxBytes - BATCH_OVERHEAD
    wire.members.add(this)
  }

  /** The one of that topic on a link: of a partition no two batches may be under way. */
  static of(wire: Wire, target: Target): Outbox {
    const there = wire.outboxes.get(target.topic) ?? new Outbox(wire, target)
    there.#log = target.log
    wire.outboxes.set(target.topic, there)
    return there
  }

  /** Throws when too much waits. */
  put(partition: number, entry: Entry): void {
    if (this.#wire.over) throw this.#wire.over
    this.#lanes[partition] ??= new Lane(partition)
    const lane = this.#lanes[partition]
    if (lane.bytes + entry.bytes > MAX_WAITING) {
      const text = `Partition ${partition} of ${this.#topic} does not take what is sent: ${MAX_WAITING} bytes wait for it.`
      throw linkError('overloaded', text)
    }
    lane.put(entry)
    if (lane.underWay.length === 0) this.#arm()
  }

  end(error: MessagingError, lost: MessagingError): void {
    const [unsent, unknown] = [failed('unsent', error), failed('unknown', lost)]
    for (const lane of this.#lanes) {
      for (const { call, index } of lane?.underWay ?? []) call.forget(index, unsent, unknown)
      for (const { call, index } of lane?.take(Number.POSITIVE_INFINITY) ?? []) call.forget(index, unsent, unknown)
    }
  }

  #arm(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#isDue = false
    if (this.#wire.over) return
    const ready = this.#lanes.filter((lane) => lane?.underWay.length === 0 && lane.load(this.#maxBytes))
    if (ready.length === 0) return
    const batches = ready.map(({ partition, underWay }): ProduceBatch => {
      for (const { call, index } of underWay) call.handOver(index)
      return { topic: this.#topic, partition, records: underWay.map(({ record }) => record) }
    })
    this.#wire.client.produce(batches, (at, produced) => {
      const lane = ready[at]
      if (lane === undefined) return
      const entries = lane.underWay
      lane.underWay = []
      this.#told(lane.partition, entries, produced)
      this.#arm()
    })
  }

  #told(partition: number, entries: readonly Entry[], produced: Produced): void {
    if (produced.at === 'stored') {
      for (const [at, { call, index }] of entries.entries()) {
        call.stored(index, new Written(this.#log, partition, produced.baseOffset + at))
      }
      return
    }
    const outcome = this.#refusal(produced)
    for (const { call, index } of entries) call.open.one(index, outcome)
  }

  #refusal({ at, error }: Exclude<Produced, { at: 'stored' }>): SendOutcome {
    const what = `Writing to ${this.#topic}`
    // What the port gives is always translated.
    const fault = this.#wire.fault(what, error, { scope: 'channel' }) as MessagingError
    return failed(at, at === 'unknown' ? maybe(fault.message, 'channel', fault) : fault)
  }
}

/** Where a message was stored. */
class Written {
  readonly outcome = 'done'
  readonly #log: string
  readonly #partition: number
  readonly #offset: number

  constructor(log: string, partition: number, offset: number) {
    this.#log = log
    this.#partition = partition
    this.#offset = offset
  }

  position(): string {
    const offsets = Array<number | undefined>(this.#partition).fill(undefined)
    return textOfPosition({ log: this.#log, offsets: [...offsets, this.#offset + 1] })
  }
}
