import type { KafkaError } from '../error.js'
import { decodeBatches } from '../protocol/batches.js'
import type { Codecs } from '../protocol/codecs.js'
import { BEGINNING, END, type FetchedPartition, type FetchFrom, fetch, listOffsets } from '../protocol/log-requests.js'
import { brokerError, isMoved } from '../protocol/names.js'
import { apiVersions, type Request } from '../protocol/requests.js'
import type { Fetched } from '../reading.js'
import type { Cluster } from './cluster.js'
import { limitedBy } from './limit.js'
import type { Line } from './line.js'
import { pause } from './obey.js'
import type { Place } from './places.js'
import { isLedByOthers, replaced, watchReplaced } from './replaced.js'

const OUT_OF_RANGE = 1

/** What the first look brings: who waits for the first record is not to wait for a thousand behind it. */
const GLANCE_BYTES = 64 * 1024

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

/** By one connection or another. */
type Ask = <T>(request: Request<T>) => Promise<T>

/** Fetches from one broker: one question under way or one answer not taken, never more. */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #ending: AbortController = new AbortController()
  #line: Line | undefined
  #dialling: Promise<Line> | undefined
  #hasLooked = false
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
    const wanted = places.filter(({ paused }) => !paused).map((place) => ({ place, offset: place.offset }))
    try {
      if (!this.#hasLooked && wanted.length > 0) return await this.#glance(wanted)
      const line = await this.#own()
      return wanted.length === 0 ? await this.#rest(line) : await this.#ask(line, wanted)
    } catch (error) {
      // What else is thrown here is a fault of ours, which must not be lost.
      return { at: 'lost', error: error as KafkaError }
    }
  }

  /** What is there at once, by the connection on which offsets are asked, while one of its own is dialled. */
  async #glance(wanted: readonly Asked[]): Promise<Outcome> {
    const { cluster, leader, maxBytes } = this.#options
    this.#hasLooked = true
    const ask: Ask = (request) => cluster.askBroker(leader, request, this.#ending.signal)
    const looking = ask(fetch(fromOf(wanted), { waitMs: 0, maxBytes: Math.min(maxBytes, GLANCE_BYTES) }))
    // The next fetch tells what became of it.
    this.#own().catch(() => undefined)
    return await this.#outcomeOf(ask, wanted, (await looking).partitions)
  }

  #own(): Promise<Line> {
    if (this.#line?.up) return Promise.resolve(this.#line)
    this.#dialling ??= this.#dial().finally(() => {
      this.#dialling = undefined
    })
    return this.#dialling
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
    const { fetchWaitMs, fetchLateMs, answerMs } = cluster.options.times
    const limits = { waitMs: fetchWaitMs, maxBytes }
    const told = await line.ask(fetch(fromOf(wanted), limits), fetchWaitMs + fetchLateMs)
    return await this.#outcomeOf((request) => line.ask(request, answerMs), wanted, told.partitions)
  }

  async #outcomeOf(ask: Ask, wanted: readonly Asked[], told: readonly FetchedPartition[]): Promise<Outcome> {
    const parts: Part[] = []
    for (const one of told) {
      const asked = wanted.find(({ place }) => place.topic === one.topic && place.partition === one.partition)
      if (asked !== undefined) parts.push(await this.#partOf(ask, asked, one))
    }
    return { at: 'answered', parts }
  }

  async #partOf(ask: Ask, { place, offset }: Asked, told: FetchedPartition): Promise<Part> {
    const { topic, partition, code, end, aborted, bytes } = told
    const part = { place, asked: offset, fetched: [], moved: false, failed: undefined }
    if (code === OUT_OF_RANGE) return { ...part, fetched: [await this.#backInRange(ask, place, offset)] }
    if (isMoved(code)) return { ...part, moved: true }
    if (code !== 0) return { ...part, failed: brokerError(code, `read ${topic}, partition ${partition}`) }
    const pieces = decodeBatches(bytes, { from: offset, aborted, codecs: this.#options.codecs })
    return { ...part, fetched: pieces.map((piece) => ({ topic, partition, end, ...piece })) }
  }

  async #backInRange(ask: Ask, { topic, partition }: Place, wanted: number): Promise<Fetched> {
    const [first] = await ask(listOffsets(topic, [partition], BEGINNING))
    const [last] = await ask(listOffsets(topic, [partition], END))
    const [beginning, end] = [first?.offset ?? 0, last?.offset ?? 0]
    const next = wanted < beginning ? beginning : end
    return { topic, partition, records: [], next, end, missing: { why: 'out-of-range', wanted } }
  }

  /** All is paused: whether the broker is there is asked all the same, as often as it would say that it has nothing new. */
  async #rest(line: Line): Promise<Outcome> {
    const { fetchWaitMs, answerMs } = this.#options.cluster.options.times
    this.#idle = new AbortController()
    const limit = limitedBy([this.#idle.signal, this.#ending.signal])
    await pause(fetchWaitMs, limit.signal).catch(() => {})
    limit.lift()
    await line.ask(apiVersions(), answerMs)
    return { at: 'answered', parts: [] }
  }
}

function fromOf(wanted: readonly Asked[]): readonly FetchFrom[] {
  return wanted.map(({ place: { topic, partition }, offset }) => ({ topic, partition, offset }))
}
