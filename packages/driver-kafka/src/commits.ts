import { maybe } from '@spanwire/driver/kit'
import { notHeld } from './errors.js'
import { KafkaError } from './port/error.js'
import type { Committed, KafkaGroupMember } from './port/group.js'
import type { Which, Window } from './window.js'

/** How long until the same is committed again, after a coordinator that did not answer. */
const AGAIN_MS = 100

/** Said when the group is being divided anew: what becomes of our partitions comes with the next assignment. */
const REBALANCING = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS'])

interface Waiter {
  readonly window: Window
  resolve(): void
  reject(error: Error): void
}

/** Commits what is done: one request at a time, in which all that was settled meanwhile goes along. */
export class Commits {
  readonly #topic: string
  readonly #answerMs: number
  readonly #windows: () => Iterable<Window>
  #member: KafkaGroupMember | undefined
  #waiters: Waiter[] = []
  #underWay: readonly Waiter[] = []
  #running: Promise<void> | undefined
  #isHeld = true
  #which: Which = 'going-on'
  #again: NodeJS.Timeout | undefined

  /** `windows`: those that are ours now. */
  constructor(topic: string, answerMs: number, windows: () => Iterable<Window>) {
    this.#topic = topic
    this.#answerMs = answerMs
    this.#windows = windows
  }

  /** Commits go through it from now on. */
  begin(member: KafkaGroupMember): void {
    this.#member = member
    this.release()
  }

  /** Resolves when what this window says now is committed. Rejects when it went to others, and when the group refuses it. */
  commit(window: Window): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#waiters.push({ window, resolve, reject }))
    this.#run()
    return done
  }

  /** Resolves when what is done now is committed, or cannot be. `last`: nothing is given out until the next `release`. */
  async flush(which: Which = 'going-on'): Promise<void> {
    this.#which = which
    await this.#running
    this.#run()
    await this.#running
  }

  /** Nothing is committed until the group has divided its partitions. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.#which = 'going-on'
    this.#run()
  }

  /** These went to others. */
  drop(windows: ReadonlySet<Window>): void {
    const [gone, kept] = [true, false].map((is) => this.#waiters.filter(({ window }) => windows.has(window) === is))
    this.#waiters = kept ?? []
    for (const waiter of gone ?? []) waiter.reject(notHeld())
  }

  end(error: Error): void {
    this.#isHeld = true
    clearTimeout(this.#again)
    for (const waiter of [...this.#underWay, ...this.#waiters.splice(0)]) waiter.reject(error)
  }

  #run(): void {
    const which = this.#which
    if (this.#running || this.#isHeld || !this.#member) return
    const windows = [...this.#windows()].filter((window) => window.differs(window.note(which)))
    if (windows.length === 0 && this.#waiters.length === 0) return
    const waiters = this.#waiters.splice(0)
    this.#underWay = waiters
    this.#running = this.#commit(this.#member, windows, which).finally(() => {
      this.#running = undefined
      if (this.#waiters.length > 0 && this.#again === undefined) this.#run()
    })
  }

  async #commit(member: KafkaGroupMember, windows: readonly Window[], which: Which): Promise<void> {
    const waiters = this.#underWay
    const places = windows.map((window): Committed => {
      return { topic: this.#topic, partition: window.partition, offset: window.committable, note: window.note(which) }
    })
    try {
      for (const [at, place] of places.entries()) windows[at]?.commits(place)
      if (places.length > 0) await member.commit(places, AbortSignal.timeout(this.#answerMs))
      for (const [at, place] of places.entries()) windows[at]?.confirms(place)
      for (const waiter of waiters) waiter.resolve()
    } catch (error) {
      if (error instanceof KafkaError && REBALANCING.has(error.code)) {
        this.#waiters.unshift(...waiters)
        this.#isHeld = true
        return
      }
      if (isPassing(error)) {
        // The same places again are the same commit: whoever waits need not know that a coordinator went.
        this.#waiters.unshift(...waiters)
        if (this.#isHeld) return
        this.#again = setTimeout(() => {
          this.#again = undefined
          this.#run()
        }, AGAIN_MS)
        return
      }
      const lost = maybe(
        `The group of ${this.#topic} did not confirm what was settled; it may come again.`,
        'channel',
        error,
      )
      for (const waiter of waiters) waiter.reject(lost)
    }
  }
}

/** No answer, or that of a coordinator that is not ready. */
function isPassing(error: unknown): boolean {
  return error instanceof KafkaError && !error.fatal && (error.retriable || error.code === 'ABORTED')
}
