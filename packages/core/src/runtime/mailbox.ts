import { MessagingError } from '@spanwire/driver'
import { type Deferred, deferred } from './deferred.js'

/**
 * What happens to the message that finds the box full. `wait`: it is not taken, and `onRoom` says when to try again.
 * `drop-oldest`: the oldest leaves. `latest-per-key`: a newer message replaces the waiting one of its key, in its place;
 * a new key drops the oldest. `error`: the box fails with `overloaded`, after what it holds.
 */
export type Overflow = 'wait' | 'drop-oldest' | 'latest-per-key' | 'error'

export interface MailboxOptions {
  /** Messages that may wait, at least 1. */
  readonly limit: number
  readonly overflow: Overflow
  /** After `full` under `wait`: half of the room is free again. Called from within `next`. */
  onRoom?(): void
}

/** Slots at first. */
const FEW = 8
/** Never written to. */
const NOTHING = new Map<never, never>()

/** A bounded queue from whoever pushes to one reader. Never holds more than `limit`. */
export class Mailbox<T extends NonNullable<unknown>> implements AsyncIterableIterator<T> {
  readonly #options: MailboxOptions
  /** A ring: from `#head`, `#size` slots, modulo a power of two. Made for the first message that finds no reader. */
  #ring: (T | undefined)[] = []
  /** Counts on for ever; its place in the ring is what is left of it by the ring's length. */
  #head = 0
  #size = 0
  /** Under `latest-per-key`: where the message of a key waits, counted as `#head` is, and the key of what waits there. */
  readonly #byKey: Map<string, number>
  readonly #keys: Map<number, string>
  /** Readers ahead of the messages: there are only some when the box is empty. */
  #readers: Deferred<IteratorResult<T, undefined>>[] = []
  #full = false
  #end: { readonly error?: unknown } | undefined
  #dropped = 0

  constructor(options: MailboxOptions) {
    this.#options = options
    // Thousands of boxes have no use for them.
    const isKeyed = options.overflow === 'latest-per-key'
    this.#byKey = isKeyed ? new Map() : NOTHING
    this.#keys = isKeyed ? new Map() : NOTHING
  }

  get size(): number {
    return this.#size
  }

  /** Messages taken and then thrown away for newer ones. */
  get dropped(): number {
    return this.#dropped
  }

  /** `full`: not taken. After the end: `taken`, and gone. `key` matters under `latest-per-key` only. */
  push(item: T, key?: string): 'taken' | 'full' {
    if (this.#end) return 'taken'
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ value: item, done: false })
      return 'taken'
    }
    if (this.#replaces(item, key)) return 'taken'
    if (this.#size >= this.#options.limit && !this.#makeRoom()) return 'full'
    this.#append(item, key)
    return 'taken'
  }

  /** What is here, oldest first, left in its place. */
  *waiting(): IterableIterator<T> {
    for (let at = 0; at < this.#size; at++) {
      const item = this.#ring[(this.#head + at) & (this.#ring.length - 1)]
      if (item !== undefined) yield item
    }
  }

  /** The oldest, if one is here. */
  take(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#shift()
    if (this.#full && this.#size <= this.#options.limit >> 1) {
      this.#full = false
      this.#options.onRoom?.()
    }
    return item
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.take()
    if (item !== undefined) return Promise.resolve({ value: item, done: false })
    if (this.#end) return this.#over()
    const reader = deferred<IteratorResult<T, undefined>>()
    // Mostly one: a list that is pushed to gets room for sixteen more.
    this.#readers = this.#readers.concat(reader)
    return reader.promise
  }

  /** Takes no more. The reader gets what is here, then the end: once the error if there is one. */
  end(error?: unknown): void {
    if (this.#end) return
    this.#end = error === undefined ? {} : { error }
    for (const reader of this.#readers.splice(0)) this.#over().then(reader.resolve, reader.reject)
  }

  /** As {@link end}, and throws away what is here. The result is how many that were. */
  cut(error?: unknown): number {
    this.end(error)
    const left = this.#size
    this.#ring = []
    this.#size = 0
    this.#byKey.clear()
    this.#keys.clear()
    return left
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.cut()
    this.#end = {}
    return this.#over()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #over(): Promise<IteratorResult<T, undefined>> {
    const error = this.#end?.error
    this.#end = {}
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error)
  }

  #replaces(item: T, key: string | undefined): boolean {
    if (this.#options.overflow !== 'latest-per-key' || key === undefined) return false
    const waiting = this.#byKey.get(key)
    if (waiting === undefined) return false
    this.#ring[waiting & (this.#ring.length - 1)] = item
    this.#dropped += 1
    return true
  }

  #makeRoom(): boolean {
    switch (this.#options.overflow) {
      case 'wait':
        this.#full = true
        return false
      case 'error':
        this.end(new MessagingError('overloaded', `The reader is more than ${this.#options.limit} messages behind.`))
        return false
      case 'drop-oldest':
      case 'latest-per-key':
        this.#shift()
        this.#dropped += 1
        return true
      default:
        return this.#options.overflow satisfies never
    }
  }

  #append(item: T, key: string | undefined): void {
    if (this.#size === this.#ring.length) this.#grow()
    const at = this.#head + this.#size
    this.#ring[at & (this.#ring.length - 1)] = item
    this.#size += 1
    if (this.#options.overflow !== 'latest-per-key' || key === undefined) return
    this.#byKey.set(key, at)
    this.#keys.set(at, key)
  }

  #shift(): T | undefined {
    const at = this.#head & (this.#ring.length - 1)
    const item = this.#ring[at]
    this.#ring[at] = undefined
    if (this.#keys.size > 0) this.#unkey(this.#head)
    this.#head += 1
    this.#size -= 1
    return item
  }

  #unkey(at: number): void {
    const key = this.#keys.get(at)
    if (key === undefined) return
    this.#keys.delete(at)
    this.#byKey.delete(key)
  }

  #grow(): void {
    const ring: (T | undefined)[] = empty(this.#ring.length * 2 || FEW)
    for (let at = this.#head; at < this.#head + this.#size; at++)
      ring[at & (ring.length - 1)] = this.#ring[at & (this.#ring.length - 1)]
    this.#ring = ring
  }
}

function empty(length: number): undefined[] {
  return Array.from({ length })
}
