import { setMaxListeners } from 'node:events'
import { KafkaError } from '../error.js'
import type { KafkaConnect } from '../port.js'
import { brokerError } from '../protocol/names.js'
import {
  apiVersions,
  type BrokerAddress,
  type Metadata,
  metadata,
  type Request,
  type TopicMetadata,
} from '../protocol/requests.js'
import type { Wire } from '../wire.js'
import { Lanes } from './lanes.js'
import { limitedBy } from './limit.js'
import { Line } from './line.js'
import { isUnknown, NewTopics, NO_SUCH_TOPIC } from './new-topics.js'
import { aborted, closed, obey } from './obey.js'

/** How many brokers are dialled at once when it is not known which of them lives. */
const MAX_RACE = 16

/** The number of a broker that we only have the address of. */
const UNKNOWN_BROKER = -1

const METADATA = 3
const BROKER_NOT_AVAILABLE = 8

/** How long the broker that we ask has before others are dialled beside it. */
const HURRY_MS = 400

/** Who is in the cluster, who leads what, and a connection to somebody who can tell. */
export class Cluster {
  readonly wire: Wire
  readonly options: KafkaConnect
  readonly newTopics: NewTopics = new NewTopics()
  readonly #closing: AbortController = new AbortController()
  readonly #lines: Set<Line> = new Set()
  readonly #topics: Map<string, TopicMetadata> = new Map()
  readonly #asking: Lanes
  /** A change takes its time, and what comes behind it on the same connection waits. */
  readonly #changing: Lanes
  readonly #asked: Map<string, Promise<TopicMetadata>> = new Map()
  #brokers: ReadonlyMap<number, BrokerAddress> = new Map()
  #control: Line | undefined
  #searching: Promise<Line> | undefined
  #metadataVersion = 0
  #clusterId = ''
  #controller = -1

  constructor(wire: Wire, options: KafkaConnect) {
    this.wire = wire
    this.options = options
    // One for each reader and question that is open.
    setMaxListeners(0, this.#closing.signal)
    this.#asking = this.lanes()
    this.#changing = this.lanes()
  }

  get clusterId(): string {
    return this.#clusterId
  }

  /** Aborted by `close`. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  async connect(signal: AbortSignal): Promise<void> {
    try {
      await obey(this.#search(), signal)
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    this.#closing.abort(closed())
    for (const line of [...this.#lines]) line.cut(closed())
    this.#lines.clear()
  }

  /** Asks the broker that was asked last; if it is gone or takes its time, also whoever answers first of all. */
  async ask<T>(request: Request<T>, signal: AbortSignal): Promise<T> {
    const line = await obey(this.#current(), signal)
    const first = line.ask(request, this.options.times.answerMs)
    const answered = Promise.any([first, this.#askOthers(first, request)]).catch((error: unknown) => {
      throw error instanceof AggregateError ? error.errors.at(-1) : error
    })
    return await obey(answered, signal)
  }

  /** Asks the one that heads changes of topics. In KRaft any broker passes them on; older clusters want the right one. */
  async change<T>(request: Request<T>, signal: AbortSignal): Promise<T> {
    const [any = UNKNOWN_BROKER] = this.#brokers.keys()
    const to = this.#brokers.has(this.#controller) ? this.#controller : any
    const line = await obey(
      this.#changing.get(to).catch((error) => this.#instead(error)),
      signal,
    )
    const { changeMs, answerMs } = this.options.times
    return await line.ask(request, changeMs + answerMs, signal)
  }

  /** Who passes a change on for one that lets nobody in. */
  #instead(error: unknown): Promise<Line> {
    if (!isLoss(error)) throw error
    return this.#current()
  }

  async askBroker<T>(id: number, request: Request<T>, signal: AbortSignal): Promise<T> {
    const line = await obey(this.#asking.get(id), signal)
    return await line.ask(request, this.options.times.answerMs, signal)
  }

  /** Connections for one purpose of the caller's. */
  lanes(): Lanes {
    const dial = async (id: number): Promise<Line> => {
      const to = this.#brokers.get(id)
      if (to === undefined) throw brokerError(BROKER_NOT_AVAILABLE, `name broker ${id}`)
      return await this.line(to, this.closing)
    }
    return new Lanes(dial, (line) => this.drop(line))
  }

  /** A connection of one's own to this broker. */
  async line(to: BrokerAddress, signal: AbortSignal): Promise<Line> {
    if (this.closing.aborted) throw closed()
    if (signal.aborted) throw aborted(signal)
    const { connectMs } = this.options.times
    const limit = limitedBy([signal, this.closing], connectMs)
    const dialling = Line.dial(this.wire, to, this.options, limit.signal).finally(limit.lift)
    const line = await dialling.catch((error: unknown) => {
      if (this.closing.aborted) throw closed()
      if (signal.aborted) throw aborted(signal)
      if (limit.signal.aborted) throw tooSlow(to, connectMs)
      throw error
    })
    if (this.closing.aborted) line.cut(closed())
    else this.#lines.add(line)
    return line
  }

  drop(line: Line): void {
    this.#lines.delete(line)
    line.cut(closed())
  }

  broker(id: number): BrokerAddress | undefined {
    return this.#brokers.get(id)
  }

  /** As it was told last. */
  known(topic: string): TopicMetadata | undefined {
    return this.#topics.get(topic)
  }

  /** Who leads it is to be asked again. */
  forget(topic: string): void {
    this.#topics.delete(topic)
  }

  /** It is gone. */
  removed(topic: string): void {
    this.forget(topic)
    this.newTopics.delete(topic)
  }

  /** Asks anew; who asks meanwhile gets the same answer. Its `code` says if there is no such topic. */
  async topic(name: string, signal: AbortSignal): Promise<TopicMetadata> {
    const asked = this.#asked.get(name) ?? this.#askTopic(name)
    return await obey(asked, signal)
  }

  async #askTopic(name: string): Promise<TopicMetadata> {
    const asking = this.newTopics.heard(name, () => this.#tellTopic(name), this.closing)
    const asked = asking.finally(() => this.#asked.delete(name))
    this.#asked.set(name, asked)
    return await asked
  }

  async #tellTopic(name: string): Promise<TopicMetadata> {
    const told = await this.ask(metadata([name], this.#metadataVersion), this.closing)
    this.#learn(told)
    const topic = told.topics[0] ?? { code: NO_SUCH_TOPIC, name, id: undefined, partitions: [] }
    if (topic.code === 0 || topic.code === 5) {
      this.#topics.set(name, topic)
      this.newTopics.add(name)
    } else this.forget(name)
    if (isUnknown(topic.code) && !this.newTopics.has(name)) this.newTopics.delete(name)
    return topic
  }

  #learn({ brokers, clusterId, controller }: Metadata): void {
    this.#clusterId = clusterId
    this.#controller = controller
    if (brokers.length > 0) this.#brokers = new Map(brokers.map((broker) => [broker.id, broker]))
  }

  async #askOthers<T>(first: Promise<T>, request: Request<T>): Promise<T> {
    if (await isPrompt(first)) return await first
    const line = await this.#search()
    return await line.ask(request, this.options.times.answerMs)
  }

  #current(): Promise<Line> {
    return this.#control?.up ? Promise.resolve(this.#control) : this.#search()
  }

  /** Dials all that are known, and takes who answers first. */
  #search(): Promise<Line> {
    if (this.closing.aborted) return Promise.reject(closed())
    this.#searching ??= this.#race().finally(() => (this.#searching = undefined))
    return this.#searching
  }

  async #race(): Promise<Line> {
    const enough = new AbortController()
    const tries = this.#addresses().map((to) => this.#greet(to, enough.signal))
    try {
      const { line, told, version } = await Promise.any(tries)
      for (const one of tries) one.then((other) => other.line !== line && this.drop(other.line)).catch(() => {})
      this.#metadataVersion = version
      this.#learn(told)
      const before = this.#control
      this.#control = line
      // Others may wait for its answers still.
      if (before !== undefined) void before.retire(closed()).then(() => this.#lines.delete(before))
      return line
    } catch (cause) {
      throw this.closing.aborted ? closed() : worst(cause)
    } finally {
      enough.abort()
    }
  }

  async #greet(to: BrokerAddress, signal: AbortSignal): Promise<Greeted> {
    const line = await this.line(to, signal)
    try {
      const { answerMs } = this.options.times
      const versions = await line.ask(apiVersions(), answerMs, signal)
      const version = versions.get(METADATA) ?? 0
      return { line, version, told: await line.ask(metadata([], version), answerMs, signal) }
    } catch (error) {
      this.drop(line)
      throw error
    }
  }

  #addresses(): readonly BrokerAddress[] {
    const known = new Map([...this.#brokers.values()].map((one) => [`${one.host}:${one.port}`, one]))
    for (const text of this.options.brokers) if (!known.has(text)) known.set(text, addressOf(text))
    return [...known.values()].slice(0, MAX_RACE)
  }
}

interface Greeted {
  readonly line: Line
  readonly version: number
  readonly told: Metadata
}

function addressOf(text: string): BrokerAddress {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { id: UNKNOWN_BROKER, host, port: Number(text.slice(colon + 1)) }
}

/** Of what several brokers said, what an operator has to know. */
function worst(cause: unknown): unknown {
  const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  return errors.find((error) => error instanceof KafkaError && error.fatal) ?? errors[0] ?? cause
}

/** Whether it is settled soon, and not by the loss of its connection. */
function isPrompt(asked: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const hurry = setTimeout(() => resolve(false), HURRY_MS)
    const settle = (prompt: boolean): void => {
      clearTimeout(hurry)
      resolve(prompt)
    }
    asked.then(
      () => settle(true),
      (error: unknown) => settle(!isLoss(error)),
    )
  })
}

/** The connection ended, whatever was asked on it. */
export function isLoss(error: unknown): boolean {
  return error instanceof KafkaError && (error.code === 'NETWORK' || error.code === 'TIMEOUT')
}

function tooSlow({ host, port }: BrokerAddress, ms: number): KafkaError {
  return new KafkaError('TIMEOUT', `The broker at ${host}:${port} did not let us in within ${ms} ms.`, {
    retriable: true,
  })
}
