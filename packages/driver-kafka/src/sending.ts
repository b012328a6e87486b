import { type Cancel, isPath, MessagingError, type Outgoing } from '@spanwire/driver'
import { handOver, invalid, type Report } from '@spanwire/driver/kit'
import { Call } from './call.js'
import { incapable } from './errors.js'
import type { Opened } from './opened.js'
import { Outbox } from './outbox.js'
import { partitionOf } from './partition.js'
import type { KafkaHeader } from './port/producing.js'
import { recordOf } from './record.js'

/** Partition = bucket mod N for keys outside the template (R1): a lane of the client stays in one partition. */
const BUCKETS = 240
/** Paths whose partition is remembered: to look one over costs as much as sending it. */
const MAX_PATHS = 10_000
/** What a record costs on the wire beside what its sender gave: key, id, lengths. */
const RECORD_OVERHEAD = 64

const utf8 = new TextEncoder()

/** Gives messages of one channel to the lanes of their partitions. */
export class Dispatch {
  readonly #opened: Opened
  readonly #outbox: Outbox
  readonly #paths = new Map<string, number>()
  #turn = 0

  constructor(opened: Opened) {
    const { wire, spec, topic } = opened
    this.#opened = opened
    this.#outbox = Outbox.of(wire, { topic: spec.name, log: topic.log, maxBytes: topic.maxBytes })
  }

  /** `extra`: headers of ours for the message at that index. */
  send(batch: readonly Outgoing[], report: Report, extra?: (index: number) => readonly KafkaHeader[]): Cancel {
    const call = this.call(batch.length, report)
    this.dispatch(call, batch, extra)
    return call.cancel
  }

  call(count: number, report: Report): Call {
    const { kind, name } = this.#opened.spec
    const forgotten = new MessagingError('canceled', `Forgotten before it was handed over to Kafka for ${name}.`)
    return new Call(count, report, { forgotten, doneWhen: kind === 'rpc' ? 'answered' : 'stored' })
  }

  dispatch(call: Call, batch: readonly Outgoing[], extra?: (index: number) => readonly KafkaHeader[]): void {
    handOver(call.open, batch, (message, index) => {
      const partition = this.#partitionOf(message)
      const bytes = this.#measured(message)
      const record = recordOf(this.#opened.spec, message, extra?.(index))
      this.#outbox.put(partition, { call, index, record, bytes: bytes + RECORD_OVERHEAD })
    })
  }

  #partitionOf({ key, path, delayMs = 0, ttlMs }: Outgoing): number {
    const { spec, topic, can } = this.#opened
    const known = this.#paths.get(path)
    if (known === undefined && !isPath(path, spec.params)) throw invalid('a path', spec)
    if (delayMs > can.maxDelayMs) throw incapable(spec.name, `delay a message by ${delayMs} ms`)
    if (ttlMs !== undefined && !can.ttl && spec.kind !== 'rpc') throw incapable(spec.name, 'let a message expire')
    // Requests have no order, nor have jobs without any key: they are dealt to all who take them.
    if (spec.kind === 'rpc' || (spec.kind === 'queue' && path === '' && key === undefined)) return this.#deal()
    if (key !== undefined) return partitionOf(utf8.encode(key), BUCKETS) % topic.partitions
    if (known !== undefined) return known
    const home = partitionOf(utf8.encode(path), topic.partitions)
    if (this.#paths.size >= MAX_PATHS) this.#paths.clear()
    this.#paths.set(path, home)
    return home
  }

  #deal(): number {
    this.#turn = (this.#turn + 1) % this.#opened.topic.partitions
    return this.#turn
  }

  #measured({ body, headers, path, key = '' }: Outgoing): number {
    const { spec, can, maxAdded } = this.#opened
    const bare = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const bytes = bare + (headers ? Buffer.byteLength(headers.join('    ')) : 0)
    if (bare > can.maxBytes || bytes > can.maxBytes + maxAdded) {
      const text = `${bytes} bytes are above the ${can.maxBytes} that topic ${spec.name} takes at Kafka.`
      throw new MessagingError('too-large', text)
    }
    return bytes + path.length + key.length
  }
}
