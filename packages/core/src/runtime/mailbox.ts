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

interface Slot<T> {
  item: T
  readonly key: string | undefined
}

/** A bounded queue from whoever pushes to one reader. Never holds more than `limit`. */
export class Mailbox<T> implements AsyncIterableIterator<T> {
  readonly #options: MailboxOptions
  /** A ring: from `#head`, `#size` slots, modulo a power of two. */
  #ring: (Slot<T> | undefined)[] = empty(16)
  #head = 0
  #size = 0
  readonly #byKey = new Map<string, Slot<T>>()
  /** Readers ahead of the messages: there are only some when the box is empty. */
  readonly #readers: Deferred<IteratorResult<T, undefined>>[] = []
  #full = false
  #end: { readonly error?: unknown } | undefined
  #dropped = 0

  constructor(options: MailboxOptions) {
    this.#options = options
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
    this.#append({ item, key })
    return 'taken'
  }

  /** What is here, oldest first, left in its place. */
  *waiting(): IterableIterator<T> {
    for (let at = 0; at < this.#size; at++) {
      const slot = this.#ring[(this.#head + at) & (this.#ring.length - 1)]
      if (slot) yield slot.item
    }
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const slot = this.#size > 0 ? this.#shift() : undefined
    if (slot) {
      if (this.#full && this.#size <= this.#options.limit >> 1) {
        this.#full = false
        this.#options.onRoom?.()
      }
      return Promise.resolve({ value: slot.item, done: false })
    }
    if (this.#end) return this.#over()
    const reader = deferred<IteratorResult<T, undefined>>()
    this.#readers.push(reader)
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
    if (!waiting) return false
    waiting.item = item
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

  #append(slot: Slot<T>): void {
    if (this.#size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = slot
    this.#size += 1
    if (this.#options.overflow === 'latest-per-key' && slot.key !== undefined) this.#byKey.set(slot.key, slot)
  }

  #shift(): Slot<T> | undefined {
    const slot = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#size -= 1
    if (slot?.key !== undefined) this.#byKey.delete(slot.key)
    return slot
  }

  #grow(): void {
    const { length } = this.#ring
    const ring: (Slot<T> | undefined)[] = empty(length * 2)
    for (let at = 0; at < length; at++) ring[at] = this.#ring[(this.#head + at) & (length - 1)]
    this.#ring = ring
    this.#head = 0
  }
}

function empty(length: number): undefined[] {
  return Array.from({ length })
}
