/** A message as it was stored. */
export interface Kept<T> {
  /** From 1 in each log; goes on over restarts. */
  readonly seq: number
  /** Unix nanoseconds. */
  readonly stamp: bigint
  readonly value: T
}

/**
 * What one channel or queue holds, in memory. It is never trimmed: the real server forgets after 24 h, and no double is
 * that old. Acknowledged messages stay too (1).
 */
export class Log<T> {
  readonly kept: Kept<T>[] = []
  bytes = 0

  get last(): number {
    return this.kept.length
  }

  append(stamp: bigint, value: T, bytes: number): Kept<T> {
    const one = { seq: this.kept.length + 1, stamp, value }
    this.kept.push(one)
    this.bytes += bytes
    return one
  }

  at(seq: number): Kept<T> | undefined {
    return this.kept[seq - 1]
  }

  /** The first that is younger; one after the last if none is. */
  after(stamp: bigint): number {
    const found = this.kept.findIndex((one) => one.stamp > stamp)
    return found === -1 ? this.last + 1 : found + 1
  }
}
