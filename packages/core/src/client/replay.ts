import type { Batch, Delivery } from '@spanwire/driver'
import type { Runtime } from '../runtime/runtime.js'

export interface ReplayOptions {
  readonly runtime: Runtime
  /** Sites that have history to give yet, as far as is known. */
  readonly behind: () => readonly string[]
}

/** What a site has given and nobody has taken. Its next batch is pulled when this one is through. */
interface Head {
  readonly batch: Batch
  /** So many are taken. */
  taken: number
  readonly give: (part: Batch) => Promise<void> | undefined
  readonly done: () => void
}

/** A site that gives nothing for so long is not waited for: as long as strict order waits for one message. */
const QUIET_MS = 2_000

/**
 * Reads the logs of several sites as one, the oldest message first by the engines' stamps, until all have given their history
 * (R25). Holds one batch of each site, which is within its flow; who has given one waits meanwhile.
 */
export class Replay {
  readonly #options: ReplayOptions
  readonly #heads = new Map<string, Head>()
  /** When a site gave its last batch, or had it taken, Runtime ms. */
  readonly #gaveAt = new Map<string, number>()
  readonly #startedAt: number
  #timer: (() => void) | undefined
  #isRunning = false
  #isOver = false

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#startedAt = options.runtime.now()
  }

  /** All history has been given: what comes from now on is live. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Gives the batch in its turn, in as many parts as it takes. Resolves when all of it is taken. */
  add(site: string, batch: Batch, give: Head['give']): Promise<void> {
    return new Promise((done) => {
      this.#heads.set(site, { batch, taken: 0, give, done })
      this.look()
    })
  }

  /** Something about the sites changed. */
  look(): void {
    if (!this.#isRunning && !this.#isOver) void this.#run()
  }

  /** The last call: what waits is not given. */
  stop(): void {
    this.#isOver = true
    this.#timer?.()
    for (const { done } of this.#heads.values()) done()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let site = this.#oldest(); site !== undefined; site = this.#oldest()) await this.#take(site)
    this.#isRunning = false
  }

  async #take(site: string): Promise<void> {
    const head = this.#heads.get(site)
    if (head === undefined) return
    const room = head.give(this.#cut(site, head))
    if (room !== undefined) await room
    if (head.taken < head.batch.deliveries.length) return
    this.#heads.delete(site)
    // A beat is nothing.
    if (head.batch.deliveries.length > 0) this.#gaveAt.set(site, this.#options.runtime.now())
    head.done()
  }

  /** What of it is not newer than what the others have. */
  #cut(site: string, head: Head): Batch {
    const { deliveries, ...more } = head.batch
    const { caughtUp: _, ...before } = more
    let until = Infinity
    for (const [other, { batch, taken }] of this.#heads)
      if (other !== site) until = Math.min(until, timeOf(batch.deliveries[taken]))
    const first = head.taken
    do head.taken += 1
    while (head.taken < deliveries.length && timeOf(deliveries[head.taken]) <= until)
    const part = deliveries.slice(first, head.taken)
    if (head.taken >= deliveries.length) return { deliveries: part, ...(first === 0 ? more : withoutLost(more)) }
    return { deliveries: part, ...(first === 0 ? before : undefined) }
  }

  /** Whose turn it is; absent: nobody's, as long as a site may have something older. */
  #oldest(): string | undefined {
    this.#timer?.()
    this.#timer = undefined
    if (this.#isOver || this.#waits()) return undefined
    let oldest: string | undefined
    let least = Infinity
    for (const [site, { batch, taken }] of this.#heads) {
      const timeMs = timeOf(batch.deliveries[taken])
      if (oldest !== undefined && timeMs >= least) continue
      oldest = site
      least = timeMs
    }
    if (oldest === undefined) this.#isOver = true
    return oldest
  }

  /** Somebody who is behind has given nothing that could be compared, and has not been quiet for long. */
  #waits(): boolean {
    const { behind, runtime } = this.#options
    const now = runtime.now()
    let soonest = Infinity
    for (const site of behind()) {
      if (this.#heads.has(site)) continue
      const quietAt = (this.#gaveAt.get(site) ?? this.#startedAt) + QUIET_MS
      if (quietAt > now) soonest = Math.min(soonest, quietAt)
    }
    if (soonest === Infinity) return false
    this.#timer = runtime.after(soonest - now, () => this.look())
    return true
  }
}

/** An empty batch has nothing that others could be older than. */
function timeOf(delivery: Delivery | undefined): number {
  return delivery?.timeMs ?? 0
}

function withoutLost({ caughtUp }: Omit<Batch, 'deliveries'>): Omit<Batch, 'deliveries'> {
  return caughtUp ? { caughtUp } : {}
}
