import type { Chance } from './chance.js'
import type { Clock } from './clock.js'
import { Group, type Step } from './group.js'
import { type Entry, type Journal, RECORD } from './journal.js'
import { type Kept, Log } from './log.js'
import type { Quirks } from './quirks.js'

export interface Codec<T> {
  encode(message: T): { finish(): Uint8Array }
  decode(bytes: Uint8Array): T
}

/** What every feature of a server stands on. */
export interface Ground {
  readonly quirks: () => Quirks
  readonly chance: Chance
  readonly clock: Clock
  readonly journal: () => Journal | undefined
  /** Names a seat, never twice in a folder. */
  readonly name: () => string
}

export type ShelfKind = 'event' | 'queued'

/** How a group is found again after a restart. */
export type Line = readonly ['new', group: number, channel: string, key: string] | readonly ['of', group: number, Step]

/** The channels of one kind: a log each, and the groups that read it. Both outlive the process. */
export class Shelf<T extends { readonly channel: string }> {
  readonly kind: ShelfKind
  readonly #codec: Codec<T>
  readonly #ground: Ground
  readonly #logs: Map<string, Log<T>> = new Map()
  readonly #groups: Map<string, Map<string, Group<T>>> = new Map()
  readonly #numbered: Group<T>[] = []

  constructor(kind: ShelfKind, codec: Codec<T>, ground: Ground) {
    this.kind = kind
    this.#codec = codec
    this.#ground = ground
  }

  /** Keeps a message and offers it to who reads the channel. It outlives the process once the journal is flushed. */
  store(message: T): Kept<T> {
    const stamp = this.#ground.clock.now()
    const bytes = this.#codec.encode(message).finish()
    this.#ground.journal()?.append(RECORD[this.kind], stamp, bytes)
    const kept = this.log(message.channel).append(stamp, message, bytes.length)
    for (const group of this.#groups.get(message.channel)?.values() ?? []) group.deal()
    return kept
  }

  log(channel: string): Log<T> {
    let log = this.#logs.get(channel)
    if (log === undefined) {
      log = new Log()
      this.#logs.set(channel, log)
    }
    return log
  }

  /** `begin` is called with a group that is new. */
  group(channel: string, key: string, begin: (group: Group<T>) => void = () => {}): Group<T> {
    const found = this.#groups.get(channel)?.get(key)
    if (found !== undefined) return found
    this.#write(['new', this.#numbered.length, channel, key])
    const group = this.#make(channel, key)
    begin(group)
    return group
  }

  groupsOf(channel: string): readonly Group<T>[] {
    return [...(this.#groups.get(channel)?.values() ?? [])]
  }

  get channels(): readonly string[] {
    return [...this.#logs.keys()]
  }

  get groups(): readonly Group<T>[] {
    return this.#numbered
  }

  replayMessage({ stamp, body }: Entry): void {
    // The journal's buffer is one for all: what is kept must not hold the whole of it.
    const message = this.#codec.decode(Uint8Array.prototype.slice.call(body))
    this.#ground.clock.seen(stamp)
    this.log(message.channel).append(stamp, message, body.length)
  }

  replayLine(line: Line): void {
    if (line[0] === 'new') this.#make(line[2], line[3])
    else this.#numbered[line[1]]?.replay(line[2])
  }

  #make(channel: string, key: string): Group<T> {
    const number = this.#numbered.length
    const write = (step: Step): void => this.#write(['of', number, step])
    const group = new Group(this.log(channel), { ...this.#ground, write })
    const ofChannel = this.#groups.get(channel) ?? new Map<string, Group<T>>()
    this.#groups.set(channel, ofChannel.set(key, group))
    this.#numbered.push(group)
    return group
  }

  #write(line: Line): void {
    this.#ground.journal()?.append(RECORD.group, 0n, Buffer.from(JSON.stringify([this.kind, line])))
  }
}
