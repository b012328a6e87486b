import type { Answer } from '@spanwire/driver'
import type { Context } from './context.js'

/** What each of two generations holds at most. */
const MAX = 5_000
const MAX_BYTES = 8 << 20
const KEEP_MS = 30_000

/**
 * Answers to the requests that this client ran, or runs, by contract and id: whoever asks the same again hears the same, and
 * nothing runs twice. Known for 30 s, unless more than 5,000 or 8 MiB came since; never more than twice that.
 */
export class Replies {
  #young = new Map<string, Promise<Answer>>()
  #old = new Map<string, Promise<Answer>>()
  #bytes = 0
  #sinceMs = 0

  get(id: string): Promise<Answer> | undefined {
    return this.#young.get(id) ?? this.#old.get(id)
  }

  /** `answer` never rejects. `nowMs`: Runtime ms. */
  add(id: string, answer: Promise<Answer>, nowMs: number): void {
    if (this.#young.size >= MAX || this.#bytes >= MAX_BYTES || nowMs - this.#sinceMs >= KEEP_MS) {
      this.#old = this.#young
      this.#young = new Map()
      this.#bytes = 0
      this.#sinceMs = nowMs
    }
    this.#young.set(id, answer)
    void answer.then(({ body }) => {
      this.#bytes += body.length
    })
  }
}

/** The client's. */
export function repliesOf(context: Context): Replies {
  context.replies ??= new Replies()
  return context.replies
}
