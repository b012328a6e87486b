import { pause } from './obey.js'

export const NO_SUCH_TOPIC = 3

/** So long after we first heard of a topic a broker that does not know it is taken to be behind the others. */
const SPREAD_MS = 1_000
/** How soon such a broker is asked again. */
const SPREAD_AGAIN_MS = 50

/** Brokers hear of a new topic one after the other: who says that there is none may only be late. */
export class NewTopics {
  /** When we first heard of each topic that is there, as far as we know. */
  readonly #heardOf: Map<string, number> = new Map()

  /** Some broker says that it is there. */
  add(topic: string): void {
    if (!this.#heardOf.has(topic)) this.#heardOf.set(topic, performance.now())
  }

  /** It was removed: the next of that name is another one. */
  delete(topic: string): void {
    this.#heardOf.delete(topic)
  }

  /** So new that a broker which does not know it proves nothing. */
  has(topic: string): boolean {
    const sinceMs = this.#heardOf.get(topic)
    return sinceMs !== undefined && performance.now() - sinceMs < SPREAD_MS
  }

  /** Asks until a broker knows it; once, if it is not new. */
  async heard<T extends Answer>(topic: string, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const answer = await ask()
      if (!isUnknown(answer.code) || !this.has(topic)) return answer
      await pause(SPREAD_AGAIN_MS, signal)
    }
  }
}

interface Answer {
  readonly code: number
}

/** What a broker says that does not know the topic. */
export function isUnknown(code: number): boolean {
  return code === NO_SUCH_TOPIC
}
