import { MessagingError } from '@spanwire/driver'
import type { QueueMessage, QueuesInfoResponse } from './proto/kubemq.js'
import type { Wire } from './wire.js'

/** Asked for at once at most: what is in the air when a server dies is with nobody after it. */
const MAX_ITEMS = 100
/** A message that came this soon had been waiting, and others may be. */
const AT_ONCE_MS = 20
/** So long one message is asked for at a time after more did not work out. */
const CAUTION_MS = 10_000
/** How long the server may take to count. */
const COUNT_MS = 1_000

/** How many messages to ask for: the server gives so many at once, or lets all wait for a second. */
export class Backlog {
  readonly #wire: Wire
  readonly #queue: string
  /** So many wait, as far as we know. */
  #known = 0
  #mayWait = false
  #cautiousUntil = 0
  #averageBytes = 1
  #canCount = true

  constructor(wire: Wire, queue: string) {
    this.#wire = wire
    this.#queue = queue
  }

  /** Work is slow, or others take from the queue too: more at a time would keep from others what we cannot get. */
  get isCautious(): boolean {
    return performance.now() < this.#cautiousUntil
  }

  caution(): void {
    this.#cautiousUntil = performance.now() + CAUTION_MS
    this.#known = 0
  }

  /** `most`, `bytes`: what there is room for. `held`: so many of the queue we have. */
  async size(most: number, bytes: number, held: number): Promise<number> {
    if (this.isCautious || most <= 1) return 1
    if (this.#known <= 0 && this.#mayWait) this.#known = (await this.#count()) - held
    return Math.max(1, Math.min(most, MAX_ITEMS, this.#known, Math.floor(bytes / this.#averageBytes)))
  }

  /** What came of it. */
  answered(asked: number, messages: readonly QueueMessage[], tookMs: number): void {
    const count = messages.length
    this.#known = Math.max(0, this.#known - count)
    this.#mayWait = tookMs < AT_ONCE_MS
    if (count < asked && asked > 1) this.caution()
    if (count > 0) this.#averageBytes = 1 + messages.reduce((sum, { body }) => sum + body.length, 0) / count
  }

  /** Servers of version 3 do not count: there one message is asked for at a time. */
  async #count(): Promise<number> {
    if (!this.#canCount) return 0
    const request = { requestId: this.#wire.freshId(), queueName: this.#queue }
    const { client, metadata } = this.#wire
    try {
      const { info } = await this.#wire.ask<QueuesInfoResponse>('Counting', AbortSignal.timeout(COUNT_MS), (answered) =>
        client.queuesInfo(request, metadata, answered),
      )
      return Number(info?.queues.find(({ name }) => name === this.#queue)?.waiting ?? 0)
    } catch (error) {
      this.#canCount = !(MessagingError.is(error) && error.code === 'capability')
      return 0
    }
  }
}
