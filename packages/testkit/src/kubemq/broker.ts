import { Chance } from './chance.js'
import { Clock } from './clock.js'
import { Hub } from './hub.js'
import { Inboxes } from './inboxes.js'
import { type Entry, Journal, RECORD } from './journal.js'
import { Poison } from './poison.js'
import { Pool } from './pool.js'
import { Event, QueueMessage, type Request } from './proto.js'
import type { Quirks } from './quirks.js'
import { type Ground, type Line, Shelf, type ShelfKind } from './shelf.js'

export interface BrokerOptions {
  readonly dir: string
  readonly host: string
  readonly quirks: Quirks
}

/** How many clients of the broker inside all queue streams share (C15). */
const POOL_SIZE = 200

/** All that one run of a server holds. The next run reads what the journal has of it. */
export class Broker implements Ground {
  readonly host: string
  readonly chance: Chance
  readonly clock: Clock = new Clock()
  readonly poison: Poison = new Poison()
  readonly events: Hub<Event>
  readonly commands: Hub<Request>
  readonly queries: Hub<Request>
  readonly inboxes: Inboxes = new Inboxes()
  readonly store: Shelf<Event>
  readonly queues: Shelf<QueueMessage>
  /** Delayed messages by their ids: of two with one id the first is lost (5.4). */
  readonly delayed: Map<string, { readonly message: QueueMessage; readonly dueNs: bigint }> = new Map()
  /** The clients with a subscription to the events store: one each (C6). */
  readonly storeClients: Set<string> = new Set()
  readonly downstreams: Pool = new Pool(POOL_SIZE)
  readonly upstreams: Pool = new Pool(POOL_SIZE)
  /** Unix seconds. */
  readonly startedAt: number
  #quirks: Quirks
  #journal: Journal | undefined
  #named = 0

  constructor({ dir, host, quirks }: BrokerOptions, startedAt: number) {
    this.host = host
    this.startedAt = startedAt
    this.#quirks = quirks
    this.chance = new Chance(quirks.seed)
    this.events = new Hub(this.chance)
    this.commands = new Hub(this.chance)
    this.queries = new Hub(this.chance)
    this.store = new Shelf('event', Event, this)
    this.queues = new Shelf('queued', QueueMessage, this)
    this.#journal = Journal.open(dir, (entry) => this.#replay(entry))
  }

  readonly quirks = (): Quirks => this.#quirks

  readonly journal = (): Journal | undefined => this.#journal

  readonly name = (): string => `${this.startedAt}-${++this.#named}`

  misbehave(quirks: Quirks): void {
    this.#quirks = quirks
  }

  /** Kept under the message's id alone: the same id delayed twice, in whatever queues, loses the first (5.4). */
  delay(message: QueueMessage, dueNs: bigint): void {
    this.#journal?.append(RECORD.delayed, dueNs, QueueMessage.encode(message).finish())
    this.delayed.set(message.messageId, { message, dueNs })
  }

  /** Nothing that happens from now on is remembered. */
  close(): void {
    this.#journal?.close()
    this.#journal = undefined
  }

  #replay(entry: Entry): void {
    switch (entry.type) {
      case RECORD.event:
        this.store.replayMessage(entry)
        return
      case RECORD.queued:
        this.queues.replayMessage(entry)
        return
      case RECORD.group:
        this.#replayLine(JSON.parse(Buffer.from(entry.body).toString()) as readonly [ShelfKind, Line])
        return
      case RECORD.delayed: {
        const message = QueueMessage.decode(Uint8Array.prototype.slice.call(entry.body))
        this.delayed.set(message.messageId, { message, dueNs: entry.stamp })
        return
      }
      case RECORD.due:
        this.delayed.delete(Buffer.from(entry.body).toString())
    }
  }

  #replayLine([kind, line]: readonly [ShelfKind, Line]): void {
    if (kind === 'event') this.store.replayLine(line)
    else this.queues.replayLine(line)
  }
}
