import type { Batch, Flow, MessagingError, Reception } from '@spanwire/driver'
import { channelError, type Member, Shelf } from '@spanwire/driver/kit'
import { KafkaDelivery, type Run } from './delivery.js'
import { incapable } from './errors.js'
import { newestOf } from './latest.js'
import type { Opened, Wanted } from './opened.js'
import { filterOf } from './patterns.js'
import type { Fetched, KafkaReader, Missing } from './port/reading.js'
import { pathOf } from './record.js'
import { type Begin, beginOf } from './starts.js'
import { UnreadBatch } from './unread.js'

/** What one fetch of one broker brings at most, beyond a single larger record. */
const MAX_FETCH = 1 << 20

/** Which records are given, beside the filter by path. */
export type Selection = (path: string, partition: number, offset: number) => boolean

/** Reads a topic in the order of its partitions, from a place of its own, and leaves nothing behind at the brokers. */
export async function readLog(opened: Opened, [source, flow, signal]: Wanted): Promise<Reception> {
  const { wire, spec, can } = opened
  const at = source.start?.at ?? 'now'
  if (!can.starts.includes(at)) throw incapable(spec.name, `start at ${at}`)
  const filter = filterOf(spec, source)
  const begin = await beginOf(wire, spec.name, source.start, signal)
  const newest = at === 'latest' ? await newestOf(opened, begin, filter, signal) : undefined
  if (wire.over) throw wire.over
  const passes: Selection = (path, partition, offset) =>
    filter?.(path) !== false && newest?.(path, partition, offset) !== false
  return new LogReading(opened, begin, { passes, counts: filter === undefined }, flow)
}

interface How {
  readonly passes: Selection
  /** All that is read is given: what is missing can be counted. */
  readonly counts: boolean
}

class LogReading implements Reception, Member {
  readonly beatMs: number
  readonly #opened: Opened
  readonly #how: How
  readonly #reader: KafkaReader
  readonly #shelf: Shelf<KafkaDelivery>
  readonly #ends: readonly number[]
  readonly #log: string
  #offsets: readonly number[]
  #flow: Flow
  #isCaughtUp = false
  #roomy: () => void = () => undefined

  constructor(opened: Opened, { log, from, ends, expired }: Begin, how: How, flow: Flow) {
    const { wire, spec, settings } = opened
    this.beatMs = 2 * settings.times.fetchWaitMs
    this.#opened = opened
    this.#how = how
    this.#flow = flow
    this.#ends = ends
    this.#log = log
    this.#offsets = from
    this.#shelf = new Shelf(
      () => this.#flow,
      () => this.#roomy(),
    )
    if (expired > 0) this.#shelf.tell({ lost: { reason: 'expired', ...(how.counts && { count: expired }) } })
    const maxBytes = Math.min(MAX_FETCH, Math.max(flow.bytes, 1))
    const places = from.map((offset, partition) => ({ topic: spec.name, partition, offset }))
    this.#reader = wire.client.read(places, { maxBytes })
    wire.members.add(this)
    this.#look()
    void this.#pump()
  }

  next(): Promise<Batch | undefined> {
    return this.#shelf.next()
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#shelf.wake()
    this.#roomy()
  }

  async stop(): Promise<void> {
    this.#over()
  }

  end(): void {
    this.#over()
  }

  #over(error?: MessagingError): void {
    this.#shelf.end(error)
    this.#opened.wire.members.delete(this)
    this.#reader.close()
    this.#roomy()
  }

  async #pump(): Promise<void> {
    const { wire, spec } = this.#opened
    try {
      while (this.#shelf.isLive) {
        const fetched = await this.#reader.next()
        for (const one of fetched) this.#take(one)
        if (fetched.length === 0) this.#shelf.beat()
        this.#look()
        await this.#room()
      }
    } catch (error) {
      // What the port gives is always translated.
      if (this.#shelf.isLive)
        this.#over(wire.fault(`Reading ${spec.name}`, error, { scope: 'channel' }) as MessagingError)
    }
  }

  /** One fetch lies here while nobody pulls; no more is asked for. */
  async #room(): Promise<void> {
    const { pile } = this.#shelf
    while (this.#shelf.isLive && (pile.count >= this.#flow.messages || pile.bytes >= this.#flow.bytes)) {
      await new Promise<void>((resolve) => {
        this.#roomy = resolve
      })
    }
  }

  #take({ partition, records, next, missing }: Fetched): void {
    const { spec } = this.#opened
    const run: Run = { partition, before: { log: this.#log, offsets: this.#offsets } }
    if (missing?.why === 'unreadable') {
      const batch = new UnreadBatch({ topic: spec.name, partition }, missing.wanted, missing)
      this.#shelf.put(new KafkaDelivery(run, batch, pathOf(spec, batch)))
    } else if (missing) this.#miss(partition, missing, records[0]?.offset ?? next)
    for (const record of records) {
      const path = pathOf(spec, record)
      if (this.#how.passes(path, partition, record.offset)) this.#shelf.put(new KafkaDelivery(run, record, path))
    }
    this.#offsets = this.#offsets.with(partition, next)
  }

  #miss(partition: number, missing: Missing, next: number): void {
    const { name } = this.#opened.spec
    if (next < missing.wanted) {
      const text = `Partition ${partition} of ${name} ends before ${missing.wanted}: its log is another one, or was cut.`
      throw channelError('conflict', text, { retryable: false })
    }
    const count = this.#how.counts ? { count: next - missing.wanted } : {}
    this.#shelf.tell({ lost: { reason: 'expired', ...count } })
  }

  #look(): void {
    if (this.#isCaughtUp || !this.#ends.every((end, partition) => (this.#offsets[partition] ?? 0) >= end)) return
    this.#isCaughtUp = true
    this.#shelf.tell({ caughtUp: true })
  }
}
