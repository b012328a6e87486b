import type { KafkaError } from '../error.js'
import { decodeBatches } from '../protocol/batches.js'
import type { Codecs } from '../protocol/codecs.js'
import { BEGINNING, END, type FetchedPartition, fetch, listOffsets } from '../protocol/log-requests.js'
import { brokerError, isMoved } from '../protocol/names.js'
import { apiVersions } from '../protocol/requests.js'
import type { Fetched } from '../reading.js'
import type { Cluster } from './cluster.js'
import type { Line } from './line.js'
import { pause } from './obey.js'
import type { Place } from './places.js'
import { isLedByOthers, replaced, watchReplaced } from './replaced.js'

const OUT_OF_RANGE = 1

export type Outcome =
  /** `parts` is empty when it had nothing new. */
  { readonly at: 'answered'; readonly parts: readonly Part[] } | { readonly at: 'lost'; readonly error: KafkaError }

export interface Part {
  readonly place: Place
  /** The offset that was asked for. */
  readonly asked: number
  readonly fetched: readonly Fetched[]
  /** Somebody else leads it. */
  readonly moved: boolean
  /** It cannot be read any more. */
  readonly failed: KafkaError | undefined
}

export interface FetcherOptions {
  readonly cluster: Cluster
  readonly leader: number
  readonly maxBytes: number
  readonly codecs: Codecs
  /** There is something to take. */
  onOutcome(): void
}

interface Asked {
  readonly place: Place
  readonly offset: number
}

/** Fetches from one broker: one question under way or one answer not taken, never more. */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #ending: AbortController = new AbortController()
  #line: Line | undefined
  #busy = false
  #outcome: Outcome | undefined
  #idle: AbortController | undefined

  constructor(options: FetcherOptions) {
    this.#options = options
  }

  get has(): boolean {
    return this.#outcome !== undefined
  }

  /** Asks, unless it does already or an answer waits. */
  start(places: readonly Place[]): void {
    if (this.#busy || this.#outcome !== undefined || this.#ending.signal.aborted) return
    this.#busy = true
    const stopWatching = this.#watch(places)
    void this.#fetch(places).then((outcome) => {
      stopWatching()
      this.#settle(outcome)
    })
  }

  /** A leader that hangs is left as soon as there is another, and not after all that a dial may take. */
  #watch(places: readonly Place[]): () => void {
    const { cluster, leader } = this.#options
    const { fetchWaitMs, lookAgainMs } = cluster.options.times
    return watchReplaced({
      afterMs: fetchWaitMs + lookAgainMs / 2,
      everyMs: lookAgainMs,
      isReplaced: () => isLedByOthers(cluster, leader, places),
      onReplaced: () => this.#settle({ at: 'lost', error: replaced(leader, 'others lead its partitions') }),
    })
  }

  #settle(outcome: Outcome): void {
    if (!this.#busy || this.#ending.signal.aborted) return
    this.#busy = false
    this.#outcome = outcome
    this.#options.onOutcome()
  }

  take(): Outcome | undefined {
    const outcome = this.#outcome
    this.#outcome = undefined
    return outcome
  }

  /** Something is wanted again: a rest ends. */
  hurry(): void {
    this.#idle?.abort()
  }

  close(): void {
    this.#ending.abort()
    if (this.#line !== undefined) this.#options.cluster.drop(this.#line)
  }

  /** Never rejects. */
  async #fetch(places: readonly Place[]): Promise<Outcome> {
    try {
      const line = this.#line?.up ? this.#line : await this.#dial()
      const wanted = places.filter(({ paused }) => !paused).map((place) => ({ place, offset: place.offset }))
      return wanted.length === 0 ? await this.#rest(line) : await this.#ask(line, wanted)
    } catch (error) {
      // What else is thrown here is a fault of ours, which must not be lost.
      return { at: 'lost', error: error as KafkaError }
    }
  }

  async #dial(): Promise<Line> {
    const { cluster, leader } = this.#options
    const broker = cluster.broker(leader)
    if (broker === undefined) throw brokerError(8, `name broker ${leader}`)
    const line = await cluster.line(broker, this.#ending.signal)
    this.#line = line
    if (this.#ending.signal.aborted) cluster.drop(line)
    return line
  }

  async #ask(line: Line, wanted: readonly Asked[]): Promise<Outcome> {
    const { cluster, maxBytes } = this.#options
    const { fetchWaitMs, fetchLateMs } = cluster.options.times
    const from = wanted.map(({ place, offset }) => ({ topic: place.topic, partition: place.partition, offset }))
    const told = await line.ask(fetch(from, { waitMs: fetchWaitMs, maxBytes }), fetchWaitMs + fetchLateMs)
    const parts: Part[] = []
    for (const one of told.partitions) {
      const asked = wanted.find(({ place }) => place.topic === one.topic && place.partition === one.partition)
      if (asked !== undefined) parts.push(await this.#partOf(line, asked, one))
    }
    return { at: 'answered', parts }
  }

  async #partOf(line: Line, { place, offset }: Asked, told: FetchedPartition): Promise<Part> {
    const { topic, partition, code, end, aborted, bytes } = told
    const part = { place, asked: offset, fetched: [], moved: false, failed: undefined }
    if (code === OUT_OF_RANGE) return { ...part, fetched: [await this.#backInRange(line, place, offset)] }
    if (isMoved(code)) return { ...part, moved: true }
    if (code !== 0) return { ...part, failed: brokerError(code, `read ${topic}, partition ${partition}`) }
    const pieces = decodeBatches(bytes, { from: offset, aborted, codecs: this.#options.codecs })
    return { ...part, fetched: pieces.map((piece) => ({ topic, partition, end, ...piece })) }
  }

  async #backInRange(line: Line, { topic, partition }: Place, wanted: number): Promise<Fetched> {
    const { answerMs } = this.#options.cluster.options.times
    const [first] = await line.ask(listOffsets(topic, [partition], BEGINNING), answerMs)
    const [last] = await line.ask(listOffsets(topic, [partition], END), answerMs)
    const [beginning, end] = [first?.offset ?? 0, last?.offset ?? 0]
    const next = wanted < beginning ? beginning : end
    return { topic, partition, records: [], next, end, missing: { why: 'out-of-range', wanted } }
  }

  /** All is paused: whether the broker is there is asked all the same, as often as it would say that it has nothing new. */
  async #rest(line: Line): Promise<Outcome> {
    const { fetchWaitMs, answerMs } = this.#options.cluster.options.times
    this.#idle = new AbortController()
    await pause(fetchWaitMs, AbortSignal.any([this.#idle.signal, this.#ending.signal])).catch(() => {})
    await line.ask(apiVersions(), answerMs)
    return { at: 'answered', parts: [] }
  }
}
