import { KafkaError } from '../error.js'
import type { Codecs } from '../protocol/codecs.js'
import type { Fetched, Fetching, KafkaReader, ReadFrom, TopicPartition } from '../reading.js'
import type { Cluster } from './cluster.js'
import { Fetcher, type Outcome } from './fetcher.js'
import { closed, pause } from './obey.js'
import { type Place, Places } from './places.js'

/** Reads partitions from whoever leads them, one fetch at a time to each. */
export class PartitionReader implements KafkaReader {
  readonly #cluster: Cluster
  readonly #how: Fetching
  readonly #codecs: Codecs
  readonly #places: Places
  readonly #ending: AbortController = new AbortController()
  /** By number of the broker; what leads nothing of ours is dropped. */
  readonly #fetchers: Map<number, Fetcher> = new Map()
  readonly #answered: Set<number> = new Set()
  #placing: Promise<void> | undefined
  #wake: () => void = () => {}
  #failed: KafkaError | undefined

  constructor(cluster: Cluster, codecs: Codecs, from: readonly ReadFrom[], how: Fetching) {
    this.#cluster = cluster
    this.#codecs = codecs
    this.#how = how
    this.#places = new Places(from)
    // Whoever does not lead it any more says so.
    for (const topic of this.#places.topics) {
      const known = cluster.known(topic)
      if (known !== undefined) this.#places.settle(topic, known)
    }
    cluster.closing.addEventListener('abort', this.#onClosing, { once: true })
  }

  async next(): Promise<readonly Fetched[]> {
    for (;;) {
      if (this.#failed !== undefined) throw this.#failed
      const fetched = this.#collect()
      // The next ones are on their way while these are worked on.
      this.#start()
      if (this.#failed !== undefined) throw this.#failed
      if (fetched !== 'nothing') return fetched
      await this.#something()
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#places.get(one)?.pause()
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#places.get(one)?.resume()
    for (const fetcher of this.#fetchers.values()) fetcher.hurry()
  }

  seek(to: ReadFrom): void {
    this.#places.get(to)?.seek(to.offset)
  }

  close(): void {
    this.#fail(closed())
  }

  readonly #onClosing = (): void => this.close()

  #fail(error: KafkaError): void {
    if (this.#failed !== undefined) return
    this.#failed = error
    this.#cluster.closing.removeEventListener('abort', this.#onClosing)
    this.#ending.abort()
    for (const fetcher of this.#fetchers.values()) fetcher.close()
    this.#fetchers.clear()
    this.#wake()
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#failed !== undefined || [...this.#fetchers.values()].some((one) => one.has)) resolve()
    })
  }

  /** Sees to it that every leader is asked, and that leaders are found for what has none. */
  #start(): void {
    if (this.#failed !== undefined) return
    const homeless = this.#places.all.filter((place) => place.leader === undefined)
    if (homeless.length > 0 && this.#placing === undefined)
      this.#placing = this.#place(homeless).finally(() => {
        this.#placing = undefined
        this.#start()
        this.#wake()
      })
    for (const [leader, places] of this.#places.byLeader()) this.#fetcher(leader).start(places)
  }

  #fetcher(leader: number): Fetcher {
    const before = this.#fetchers.get(leader)
    if (before !== undefined) return before
    const made = new Fetcher({
      cluster: this.#cluster,
      leader,
      maxBytes: this.#how.maxBytes,
      codecs: this.#codecs,
      onOutcome: () => this.#wake(),
    })
    this.#fetchers.set(leader, made)
    return made
  }

  /** Never rejects. */
  async #place(places: readonly Place[]): Promise<void> {
    const topics = new Set(places.map(({ topic }) => topic))
    let isMissing = false
    for (const topic of topics) {
      try {
        const told = await this.#cluster.topic(topic, this.#ending.signal)
        const end = this.#places.settle(topic, told)
        if (end !== undefined) return this.#fail(end)
      } catch (error) {
        // Nobody answers: they are asked again.
        if (error instanceof KafkaError && error.fatal) return this.#fail(error)
      }
      isMissing ||= this.#places.all.some((place) => place.topic === topic && place.leader === undefined)
    }
    if (isMissing) await pause(this.#cluster.options.times.lookAgainMs, this.#ending.signal).catch(() => {})
  }

  /** What came; an empty list if all have answered and nothing came. */
  #collect(): readonly Fetched[] | 'nothing' {
    const all: Fetched[] = []
    for (const [leader, fetcher] of this.#fetchers) {
      const outcome = fetcher.take()
      if (outcome === undefined) continue
      if (outcome.at === 'lost') this.#moveAway(leader, fetcher, outcome)
      else this.#take(leader, outcome, all)
    }
    if (all.length > 0) return all
    if (!this.#areAllHeard()) return 'nothing'
    this.#answered.clear()
    return all
  }

  #take(leader: number, outcome: Outcome & { readonly at: 'answered' }, all: Fetched[]): void {
    this.#answered.add(leader)
    for (const { place, asked, fetched, moved, failed } of outcome.parts) {
      if (place.leader !== leader) continue
      if (moved) place.leader = undefined
      if (failed !== undefined) this.#fail(failed)
      for (const one of place.accept(asked, fetched)) all.push(one)
    }
  }

  #moveAway(leader: number, fetcher: Fetcher, { error }: Outcome & { readonly at: 'lost' }): void {
    fetcher.close()
    this.#fetchers.delete(leader)
    this.#answered.delete(leader)
    this.#places.leave(leader)
    if (error.fatal) this.#fail(error)
  }

  #areAllHeard(): boolean {
    const { all } = this.#places
    return all.every(({ leader }) => leader !== undefined && this.#answered.has(leader))
  }
}
