/** What is sent and not settled waits in memory: beyond this the next one waits for one to settle, so that a slow site slows the sender. */
const MAX_MESSAGES = 8_000
/** Half of what a client's outbox takes, so that it never has to refuse. */
const MAX_BYTES = 8 << 20

/** Counts what is under way and bounds it. */
export class UnderWay {
  readonly #most: number
  #count = 0
  #idle: (() => void)[] = []

  /** `bytes`: of one message. */
  constructor(bytes: number) {
    this.#most = Math.max(1, Math.min(MAX_MESSAGES, Math.floor(MAX_BYTES / Math.max(1, bytes))))
  }

  /** How many more may be. */
  get room(): number {
    return this.#most - this.#count
  }

  /** Resolves when nothing is. */
  ended(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  /** `work` never rejects. */
  async add(work: Promise<void>): Promise<void> {
    this.#count += 1
    await work
    this.#count -= 1
    if (this.#count === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
