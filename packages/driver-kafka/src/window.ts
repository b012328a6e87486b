import type { KafkaDelivery } from './delivery.js'
import type { KafkaRecord } from './port/reading.js'
import { behind, UnreadBatch } from './unread.js'

/** Commits without an answer that are remembered: one more comes each time a coordinator leaves one unanswered. */
const MAX_IN_DOUBT = 16
/** Offsets that a partition may be read ahead of what is committed: as many bits fit into the note beside it. */
const MAX_SPAN = 10_000
/** In a note that is not the last of its writer, before the writer's name. */
const GOES_ON = '!'

/** `last`: of who gives the partition up, and gives out nothing of it any more. */
export type Which = 'going-on' | 'last'

/** A place in a partition as a group keeps it. */
export interface Mark {
  readonly offset: number
  readonly note: string | undefined
}

/**
 * What of one partition is ours and unsettled. Kafka keeps one offset a group, so only what lies before the oldest unsettled
 * record can be committed; which records behind it are done already is noted beside the offset, for whoever reads on.
 */
export class Window {
  readonly partition: number
  /** Where reading goes on. */
  next: number
  readonly #writer: string
  #committed: Mark
  /** Sent to the group, and perhaps taken. */
  #inDoubt: Mark[] = []
  /** In the order of the log: unsettled ones. */
  readonly #open = new Map<number, KafkaDelivery>()
  /** Of these, the ones that stand for several offsets. */
  readonly #batches = new Set<UnreadBatch>()
  readonly #from: number
  readonly #done: Uint8Array
  /** Offsets below were given to somebody before. */
  #given: number
  /** Who had it before us did not say where he stopped. */
  #isOpen: boolean
  #pulled: number

  /**
   * `writer`: a word that no other member of the group has. `note`: of what was committed at `offset`; absent: nothing was, and
   * nobody was given anything.
   */
  constructor(writer: string, { partition, offset, note }: Mark & { readonly partition: number }) {
    const { given, done, isOpen } = parse(note)
    this.partition = partition
    this.#writer = writer
    this.next = offset
    this.#committed = { offset, note }
    this.#from = offset
    this.#done = done
    this.#given = offset + given
    this.#isOpen = isOpen
    this.#pulled = this.#given
  }

  /** What the group has committed last, as far as we know. */
  get committed(): Mark {
    return this.#committed
  }

  /** The oldest that is not done. */
  get committable(): number {
    return this.#open.keys().next().value ?? this.next
  }

  /** There is something else to commit than was. */
  differs(note: string): boolean {
    return this.#committed.offset !== this.committable || this.#committed.note !== note
  }

  /** No more may be read until the oldest are settled. */
  get isFull(): boolean {
    return this.next - this.committable >= MAX_SPAN
  }

  get unsettled(): IterableIterator<KafkaDelivery> {
    return this.#open.values()
  }

  /** Somebody settled it before. */
  wasDone(offset: number): boolean {
    const at = offset - this.#from
    return (((this.#done[at >> 3] ?? 0) >> (at & 7)) & 1) === 1
  }

  /** It was not read before, and not all of it is settled. */
  wants(record: KafkaRecord): boolean {
    const until = behind(record)
    // What nobody has noted ends it, so it goes no further than a note does.
    for (let at = Math.max(record.offset, this.next); at < until; at++) if (!this.wasDone(at)) return true
    return false
  }

  /** So far the partition goes: who had it before us may have been given all of it, if he did not say how much. */
  reaches(end: number): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#given = Math.max(this.#given, end)
    this.#pulled = Math.max(this.#pulled, end)
  }

  /** Somebody got it before and may have begun. */
  wasGiven(offset: number): boolean {
    return offset < this.#given
  }

  add(delivery: KafkaDelivery): void {
    const { record } = delivery
    this.#open.set(record.offset, delivery)
    if (record instanceof UnreadBatch) this.#batches.add(record)
  }

  /** Is it this one that is ours and unsettled? */
  has(delivery: KafkaDelivery): boolean {
    return this.#open.get(delivery.record.offset) === delivery
  }

  /** It is with its handler. */
  pulled(delivery: KafkaDelivery): void {
    this.#pulled = Math.max(this.#pulled, behind(delivery.record))
  }

  done(delivery: KafkaDelivery): void {
    const { record } = delivery
    this.#open.delete(record.offset)
    if (record instanceof UnreadBatch) this.#batches.delete(record)
  }

  /** This is on its way to the group. */
  commits(mark: Mark): void {
    this.#inDoubt = [...this.#inDoubt.slice(1 - MAX_IN_DOUBT), mark]
  }

  /** The group has taken it, and all before it. */
  confirms(mark: Mark): void {
    this.#committed = mark
    this.#inDoubt = []
  }

  /** Whether what the group has now is from us, with no answer to it or with one: nobody has committed since. */
  knows(mark: Mark): boolean {
    const ours = [this.#committed, ...this.#inDoubt].find((one) => isSame(one, mark))
    if (ours !== undefined) this.confirms(ours)
    return ours !== undefined
  }

  /**
   * `3.AAE=`: how many of the offsets behind the committed one were given out, and bit by bit which of them are done. `3.AAE=!x7`: and
   * perhaps more, for x7 who wrote it goes on; only the last one of all is exact. Two who go on never write the same: so each has
   * to be heard before it gives anything out, and who comes back sees that there was another.
   */
  note(which: Which = 'going-on'): string {
    const from = this.committable
    const all = Math.max(0, this.#pulled - from)
    const given = Math.min(all, MAX_SPAN)
    const end = which === 'last' && !this.#isOpen && all === given ? '' : `${GOES_ON}${this.#writer}`
    const bits = new Uint8Array(Math.ceil(given / 8))
    for (let at = 0; at < given; at++) {
      if (this.#isDone(from + at)) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7))
    }
    return `${given}.${Buffer.from(bits).toString('base64')}${end}`
  }

  #isDone(offset: number): boolean {
    if (offset >= this.next) return this.wasDone(offset)
    if (this.#open.has(offset)) return false
    // Whoever can read it must not take it for done.
    for (const { offset: first, until } of this.#batches) if (offset >= first && offset < until) return false
    return true
  }
}

function isSame(one: Mark, other: Mark): boolean {
  return one.offset === other.offset && (one.note ?? '') === (other.note ?? '')
}

/** Who writes no notes as we do may have been given all that was there. */
function parse(note: string | undefined): {
  readonly given: number
  readonly done: Uint8Array
  readonly isOpen: boolean
} {
  if (note === undefined) return { given: 0, done: new Uint8Array(), isOpen: false }
  const [isOurs, given = '0', bits = '', end = ''] = /^(\d{1,9})\.([\w+/]*=*)(?:(!)\w*)?$/.exec(note) ?? []
  return { given: Number(given), done: Buffer.from(bits, 'base64'), isOpen: isOurs === undefined || end === GOES_ON }
}
