import type { Batch, Flow, MessagingError, Reception } from '@spanwire/driver'
import type { Member } from '@spanwire/driver/kit'
import { Bench, type Terms } from './bench.js'
import type { Holdings } from './holdings.js'
import type { Opened } from './opened.js'
import type { KafkaGroupMember } from './port/group.js'
import type { Fetched } from './port/reading.js'
import { pathOf } from './record.js'
import { UnreadBatch } from './unread.js'

/** Our share of a group as a source of deliveries. */
export class Sharing implements Reception, Member {
  readonly beatMs: number
  readonly #opened: Opened
  readonly #terms: Terms
  readonly #bench: Bench
  #member: KafkaGroupMember | undefined
  #roomy: () => void = () => undefined

  constructor(opened: Opened, terms: Terms, flow: Flow) {
    this.beatMs = 2 * opened.settings.times.fetchWaitMs
    this.#opened = opened
    this.#terms = terms
    this.#bench = new Bench(opened, terms, flow, () => this.#roomy())
  }

  /** Hears which partitions are ours. */
  get holdings(): Holdings {
    return this.#bench.holdings
  }

  /** From now on it reads, and hears of the link's end. */
  begin(member: KafkaGroupMember): this {
    this.#member = member
    this.#opened.wire.members.add(this)
    this.holdings.begin(member)
    void this.#pump(member)
    return this
  }

  next(): Promise<Batch | undefined> {
    return this.#bench.shelf.next()
  }

  adjust(flow: Flow): void {
    this.#bench.flow = flow
    this.#bench.divided()
  }

  async stop(signal: AbortSignal): Promise<void> {
    const { shelf, leases } = this.#bench
    shelf.end()
    this.#roomy()
    // Who answers has committed what it pulled: others may go on at once.
    if (this.#terms.answer) await this.#leave(signal)
    await leases.idle(signal, (delivery) => leases.release(delivery))
    await this.#leave(signal)
    this.#opened.wire.members.delete(this)
  }

  /** The link is over. */
  end(_: MessagingError, lost: MessagingError): void {
    this.#bench.shelf.end()
    this.#roomy()
    this.#bench.leases.clear()
    this.holdings.commits.end(lost)
  }

  async #leave(signal: AbortSignal): Promise<void> {
    const member = this.#member
    this.#member = undefined
    if (!signal.aborted) await this.holdings.commits.flush()
    await member?.leave(signal)
  }

  async #pump(member: KafkaGroupMember): Promise<void> {
    const { wire, spec } = this.#opened
    const { shelf } = this.#bench
    try {
      while (shelf.isLive) {
        const fetched = await member.next()
        for (const one of fetched) this.#take(one)
        if (fetched.length === 0) shelf.beat()
        while (shelf.isLive && this.#bench.isLaden) {
          await new Promise<void>((resolve) => {
            this.#roomy = resolve
          })
        }
      }
    } catch (error) {
      if (!shelf.isLive) return
      // What the port gives is always translated.
      shelf.end(wire.fault(`Reading ${spec.name} in a group`, error, { scope: 'channel' }) as MessagingError)
      void this.stop(AbortSignal.abort())
    }
  }

  #take({ topic, partition, records, next, end, missing }: Fetched): void {
    const window = this.holdings.windowOf(partition)
    const { shelf } = this.#bench
    if (window === undefined || !shelf.isLive) return
    window.reaches(end)
    const { spec } = this.#opened
    const run = { partition, keeper: this.#bench }
    if (missing?.why === 'unreadable') {
      const batch = new UnreadBatch({ topic, partition }, missing.wanted, missing)
      if (window.wants(batch)) this.#bench.put(window, run, batch, pathOf(spec, batch))
    } else if (missing && next > missing.wanted) shelf.tell({ lost: { reason: 'expired' } })
    for (const record of records) {
      const path = pathOf(spec, record)
      if (!window.wants(record) || this.#terms.passes?.(path) === false) continue
      this.#bench.put(window, run, record, path)
    }
    window.next = Math.max(window.next, next)
    this.holdings.balance(topic, window)
  }
}
