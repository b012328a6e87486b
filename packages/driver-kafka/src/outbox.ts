import type { MessagingError, SendOutcome } from '@spanwire/driver'
import { linkError, maybe } from './errors.js'
import { type Entry, Lane } from './lane.js'
import { failed } from './open.js'
import type { ProduceBatch, Produced } from './port/producing.js'
import { textOfPosition } from './position.js'
import type { Member, Wire } from './wire.js'

/** Bytes that wait for partitions of one topic. Beyond, sends are refused: a leader that hangs must not eat our memory. */
const MAX_WAITING = 64 * 1024 * 1024
/** Of a batch and each record on the wire, beside keys, values and headers. */
const BATCH_OVERHEAD = 128

/** Writes to one topic: each partition has a lane, and what all lanes have ready in one turn goes out as one call. */
export class Outbox implements Member {
  readonly #wire: Wire
  readonly #topic: string
  readonly #maxBytes: number
  readonly #lanes: Lane[] = []
  #isDue = false

  private constructor(wire: Wire, topic: string, maxBytes: number) {
    this.#wire = wire
    this.#topic = topic
    this.#maxBytes = maxBytes - BATCH_OVERHEAD
    wire.members.add(this)
  }

  /** The one of that topic on a link: of a partition no two batches may be under way. `maxBytes`: of one batch. */
  static of(wire: Wire, topic: string, maxBytes: number): Outbox {
    const there = wire.outboxes.get(topic) ?? new Outbox(wire, topic, maxBytes)
    wire.outboxes.set(topic, there)
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
      for (const { open, index } of lane?.underWay ?? []) open.forget(index, unsent, unknown)
      for (const { open, index } of lane?.take(Number.POSITIVE_INFINITY) ?? []) open.forget(index, unsent, unknown)
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
      for (const { open, index } of underWay) open.handOver(index)
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
      const log = new Log(this.#wire.client.clusterId, partition)
      for (const [at, { open, index }] of entries.entries())
        open.stored(index, new Written(log, produced.baseOffset + at))
      return
    }
    const outcome = this.#refusal(produced)
    for (const { open, index } of entries) open.one(index, outcome)
  }

  #refusal({ at, error }: Exclude<Produced, { at: 'stored' }>): SendOutcome {
    const what = `Writing to ${this.#topic}`
    // What the port gives is always translated.
    const fault = this.#wire.fault(what, error, { scope: 'channel' }) as MessagingError
    return failed(at, at === 'unknown' ? maybe(fault.message, 'channel', fault) : fault)
  }
}

class Log {
  readonly cluster: string
  readonly partition: number

  constructor(cluster: string, partition: number) {
    this.cluster = cluster
    this.partition = partition
  }
}

/** Where a message was stored. */
class Written {
  readonly outcome = 'done'
  readonly #log: Log
  readonly #offset: number

  constructor(log: Log, offset: number) {
    this.#log = log
    this.#offset = offset
  }

  position(): string {
    const { cluster, partition } = this.#log
    const offsets = Array.from({ length: partition + 1 }, (_, at) => (at === partition ? this.#offset + 1 : undefined))
    return textOfPosition({ cluster, offsets })
  }
}
