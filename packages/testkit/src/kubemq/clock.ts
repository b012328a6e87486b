/** Unix nanoseconds that rise with every look, as the stamps of stored messages do (4). */
export class Clock {
  #last = 0n

  now(): bigint {
    const now = wallNs()
    this.#last = now > this.#last ? now : this.#last + 1n
    return this.#last
  }

  /** What a log says that was written by an earlier process. */
  seen(stamp: bigint): void {
    if (stamp > this.#last) this.#last = stamp
  }
}

/** Unix nanoseconds, of a resolution of microseconds. */
export function wallNs(): bigint {
  const ms = performance.timeOrigin + performance.now()
  return BigInt(Math.floor(ms * 1_000)) * 1_000n
}
