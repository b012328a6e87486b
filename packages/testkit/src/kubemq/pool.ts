/** One of the clients of the broker inside: whoever has it works alone. */
export class Slot {
  /** A send into a poisoned name has broken it (3.4). */
  state: 'good' | 'broken' = 'good'
  #turn: Promise<void> = Promise.resolve()

  /** Runs when those before have ended: a long poll holds up whoever gets the same client (C15). */
  async alone<T>(action: () => Promise<T>): Promise<T> {
    const before = this.#turn
    let end = (): void => {}
    this.#turn = new Promise((resolve) => {
      end = resolve
    })
    await before
    try {
      return await action()
    } finally {
      end()
    }
  }
}

/** Clients that are given out in turn, whoever asks. */
export class Pool {
  readonly #slots: readonly Slot[]
  #given = 0

  constructor(size: number) {
    this.#slots = Array.from({ length: size }, () => new Slot())
  }

  next(): Slot {
    const slot = this.#slots[++this.#given % this.#slots.length]
    if (slot === undefined) throw new Error('a pool has at least one slot')
    return slot
  }
}

/** Slots by name, for calls that are alone per queue (5.1). */
export class Slots {
  readonly #slots: Map<string, Slot> = new Map()

  of(name: string): Slot {
    const slot = this.#slots.get(name) ?? new Slot()
    this.#slots.set(name, slot)
    return slot
  }
}
