import { randomBytes } from 'node:crypto'
import { Commits } from './commits.js'
import type { KafkaDelivery } from './delivery.js'
import type { Committed, KafkaGroupMember, MembershipListener } from './port/group.js'
import { Window } from './window.js'

/** Who hears of what changes. */
export interface Holder {
  /** What of these was unsettled is not ours any more. */
  dropped(unsettled: readonly KafkaDelivery[]): void
  /** The group is divided: what is ours may be given out again. */
  divided(): void
}

/**
 * The partitions that are ours in a group. When it is divided anew we give all up and mostly get the same again: what we had of
 * those that come back as we left them stays ours, and only the rest comes to others once more.
 */
export class Holdings implements MembershipListener {
  readonly commits: Commits
  /** The group is being divided: nothing may be given out, and what becomes of the pulled is not known. */
  isBetween = true
  readonly #holder: Holder
  /** No other member of the group calls itself so. */
  readonly #name: string = randomBytes(4).toString('hex')
  readonly #paused = new Set<number>()
  #windows = new Map<number, Window>()
  #noted: Promise<void> = Promise.resolve()
  /** How often we were given partitions, or gave them up. */
  #divisions = 0
  #member: KafkaGroupMember | undefined

  constructor(topic: string, answerMs: number, holder: Holder) {
    this.#holder = holder
    this.commits = new Commits(topic, answerMs, () => this.#windows.values())
  }

  begin(member: KafkaGroupMember): void {
    this.#member = member
    this.commits.begin(member)
  }

  /** Where partitions begin of which the group had committed nothing. */
  startAt(offsets: readonly number[], member: KafkaGroupMember, topic: string): void {
    for (const { partition, committed } of [...this.#windows.values()]) {
      const offset = offsets[partition]
      if (committed.note !== undefined || offset === undefined) continue
      this.#windows.set(partition, new Window(this.#name, { partition, offset, note: undefined }))
      member.seek({ topic, partition, offset })
    }
  }

  /** Where the unsettled of that partition are kept, if it is ours. */
  windowOf(partition: number): Window | undefined {
    return this.#windows.get(partition)
  }

  /** A partition is not read on while too much of it is unsettled behind what can be committed. */
  balance(topic: string, window: Window): void {
    const { partition, isFull } = window
    if (isFull === this.#paused.has(partition)) return
    if (isFull) this.#paused.add(partition)
    else this.#paused.delete(partition)
    if (isFull) this.#member?.pause([{ topic, partition }])
    else this.#member?.resume([{ topic, partition }])
  }

  assigned(places: readonly Committed[]): void {
    const before = this.#windows
    this.#windows = new Map()
    for (const place of places) {
      const { topic, partition, offset, note } = place
      const window = before.get(partition)
      const isOurs = window?.knows({ offset, note }) === true
      this.#windows.set(partition, isOurs ? window : new Window(this.#name, place))
      if (isOurs && window.next !== offset) this.#member?.seek({ topic, partition, offset: window.next })
      if (this.#paused.delete(partition) && isOurs) this.balance(topic, window)
    }
    this.#drop([...before.values()].filter((window) => this.#windows.get(window.partition) !== window))
    this.#divisions += 1
    this.commits.release()
    this.#noted = this.#divided(this.#divisions)
  }

  /** Resolves when the group has heard that what we were given last is ours, or refuses to. */
  get noted(): Promise<void> {
    return this.#noted
  }

  /** Whoever comes after us must know that we may have given something out, before we do: however long the group takes to hear it. */
  async #divided(division: number): Promise<void> {
    await Promise.allSettled([...this.#windows.values()].map((window) => this.commits.commit(window)))
    if (this.#divisions !== division) return
    this.isBetween = false
    this.#holder.divided()
  }

  async revoked(_: unknown, how: 'given-up' | 'lost' | 'silent'): Promise<void> {
    this.#divisions += 1
    this.isBetween = true
    if (how === 'given-up') await this.commits.flush('last')
    this.commits.hold()
    if (how !== 'lost') return
    const windows = [...this.#windows.values()]
    this.#windows.clear()
    this.#drop(windows)
  }

  #drop(windows: readonly Window[]): void {
    if (windows.length === 0) return
    this.commits.drop(new Set(windows))
    this.#holder.dropped(windows.flatMap((window) => [...window.unsettled]))
  }
}
