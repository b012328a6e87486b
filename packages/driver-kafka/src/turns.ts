import type { KafkaDelivery } from './delivery.js'

/** Keeps the order of each key among what is handled at the same time: the next of a key comes when the one before is settled. */
export class Turns {
  /** Who waits behind the one of that key that has its turn. */
  readonly #behind = new Map<string, KafkaDelivery[]>()
  #waiting = 0

  get waiting(): number {
    return this.#waiting
  }

  /** True: it is its turn. Records without a key never wait. */
  admit(delivery: KafkaDelivery): boolean {
    const key = keyOf(delivery)
    if (key === undefined) return true
    const behind = this.#behind.get(key)
    if (behind === undefined) {
      this.#behind.set(key, [])
      return true
    }
    behind.push(delivery)
    this.#waiting += 1
    return false
  }

  /** It is settled, or not ours any more. Gives the one whose turn it is now. */
  leave(delivery: KafkaDelivery): KafkaDelivery | undefined {
    const key = keyOf(delivery)
    const behind = key === undefined ? undefined : this.#behind.get(key)
    if (key === undefined || behind === undefined) return undefined
    const next = behind.shift()
    if (next === undefined) this.#behind.delete(key)
    else this.#waiting -= 1
    return next
  }

  /** These are not ours any more, and all of a key are of one partition: nobody waits behind them. */
  drop(gone: ReadonlySet<KafkaDelivery>): void {
    for (const delivery of gone) {
      const key = keyOf(delivery)
      if (key === undefined) continue
      const behind = this.#behind.get(key) ?? []
      const kept = behind.filter((one) => !gone.has(one))
      this.#waiting -= behind.length - kept.length
      if (kept.length === 0) this.#behind.delete(key)
      else this.#behind.set(key, kept)
    }
  }
}

function keyOf({ record: { key } }: KafkaDelivery): string | undefined {
  return key === undefined ? undefined : Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
