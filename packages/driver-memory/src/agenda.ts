import { type Clock, MAX_TIMER_MS } from './clock.js'

/** Something that happens at a time: a lease ends, a delay is over. In at most one agenda, once. */
export interface Item {
  /** When, on the clock's `now`. Written by the agenda only. */
  due: number
  /** Its place in the agenda, -1 when it is in none. Written by the agenda only. */
  slot: number
  fire(): void
}

/**
 * What the engine has to do later: a binary heap behind one timer. Items are taken out when they are no longer needed,
 * so that it holds no more than there are leases, delays and deadlines.
 */
export class Agenda {
  readonly #clock: Clock
  readonly #onDue: () => void
  readonly #heap: Item[] = []
  #armed: { readonly due: number; readonly cancel: () => void } | undefined

  /** `onDue` is called when something is due; it decides whether and when to {@link run}. */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  get size(): number {
    return this.#heap.length
  }

  items(): readonly Item[] {
    return this.#heap
  }

  /** Puts the item in, or moves it. */
  set(item: Item, due: number): void {
    item.due = due
    if (item.slot < 0) {
      item.slot = this.#heap.length
      this.#heap.push(item)
    }
    this.#settle(item)
    this.#arm()
  }

  /** Takes the item out, if it is in. */
  remove(item: Item): void {
    const at = item.slot
    if (at < 0) return
    item.slot = -1
    const last = this.#heap.pop()
    if (last === undefined || last === item) return
    last.slot = at
    this.#heap[at] = last
    this.#settle(last)
  }

  /** Fires what is due. */
  run(): void {
    const now = this.#clock.now()
    for (let head = this.#heap[0]; head !== undefined && head.due <= now; head = this.#heap[0]) {
      this.remove(head)
      head.fire()
    }
    this.#arm()
  }

  clear(): void {
    for (const item of this.#heap) item.slot = -1
    this.#heap.length = 0
    this.#disarm()
  }

  /** No timer any more, until the next {@link set} or {@link run}. */
  rest(): void {
    this.#disarm()
  }

  #arm(): void {
    const head = this.#heap[0]
    if (head === undefined || (this.#armed !== undefined && this.#armed.due <= head.due)) return
    this.#disarm()
    const wait = Math.min(Math.max(head.due - this.#clock.now(), 0), MAX_TIMER_MS)
    const cancel = this.#clock.after(wait, () => {
      this.#armed = undefined
      this.#onDue()
    })
    this.#armed = { due: head.due, cancel }
  }

  #disarm(): void {
    this.#armed?.cancel()
    this.#armed = undefined
  }

  #settle(item: Item): void {
    this.#up(item)
    this.#down(item)
  }

  #up(item: Item): void {
    while (item.slot > 0) {
      const parent = this.#heap[(item.slot - 1) >> 1]
      if (parent === undefined || parent.due <= item.due) return
      this.#swap(parent, item)
    }
  }

  #down(item: Item): void {
    for (;;) {
      const left = this.#heap[2 * item.slot + 1]
      const right = this.#heap[2 * item.slot + 2]
      const child = right !== undefined && left !== undefined && right.due < left.due ? right : left
      if (child === undefined || child.due >= item.due) return
      this.#swap(item, child)
    }
  }

  #swap(above: Item, below: Item): void {
    const top = above.slot
    above.slot = below.slot
    below.slot = top
    this.#heap[top] = below
    this.#heap[above.slot] = above
  }
}
