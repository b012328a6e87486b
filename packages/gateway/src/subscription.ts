import type { Channel, Flow, MessagingError, Reception, Source } from '@spanwire/driver'
import { Backlog } from './backlog.js'
import { within } from './deadline.js'
import type { Piece } from './encoded.js'
import { type Feed, lost, type Member, pump } from './feed.js'
import { Newest } from './newest.js'
import type { Limits } from './options.js'
import type { Outbox } from './outbox.js'
import type { Bound } from './waiting.js'
import { Window } from './window.js'

/** Where a subscription's messages come from now. */
type From =
  | { readonly at: 'feed'; readonly feed: Feed }
  | { readonly at: 'own'; readonly reception: Reception }
  /** Too slow for the others: goes on by itself after this position, once what waits has gone out. */
  | { readonly at: 'behind'; readonly position: string }
  | { readonly at: 'over' }

export interface Setting {
  readonly number: number
  readonly channel: Channel
  readonly source: Source
  readonly outbox: Outbox
  readonly limits: Pick<Limits, 'waiting' | 'held'>
  /** Tells the owner that it ended by itself. */
  readonly onEnd: (error: MessagingError) => void
}

/** What one client receives of a topic: a window of credit, and a bounded place where messages wait for it. */
export class Subscription implements Member {
  readonly #set: Setting
  readonly #window: Window
  #waiting: Backlog | Newest
  #from: From = { at: 'over' }
  #flow: Flow
  #hz: number | undefined
  #nextAt = 0
  #timer: NodeJS.Timeout | undefined
  #roomy: (() => void) | undefined
  #alive = false
  #spoke = false

  constructor(set: Setting, flow: Flow) {
    this.#set = set
    this.#window = new Window(half(flow))
    this.#waiting = this.#place(flow)
    this.#flow = flow
    this.#hz = flow.conflateHz
  }

  share(feed: Feed): void {
    this.#from = { at: 'feed', feed }
    feed.join(this)
  }

  own(reception: Reception): void {
    this.#from = { at: 'own', reception }
    // Where upstream waits for us, waiting there is better than losing here.
    const room = (): Promise<void> | undefined => (this.#waits ? this.#room() : undefined)
    void pump(reception, (pieces) => this.#take(pieces), room).then((error) => this.end(error))
  }

  offer(piece: Piece, from?: 'snapshot'): void {
    const { outbox, number } = this.#set
    if (
      this.#hz === undefined &&
      this.#waiting.empty &&
      outbox.open &&
      this.#window.fits(piece.items.length, piece.bytes)
    ) {
      outbox.data(piece.frame(number))
      this.#sent(piece)
      return
    }
    const { at } = this.#from
    if (at === 'behind') return
    if (from === 'snapshot') this.#waiting.push(piece, true)
    else if (at === 'feed' && this.#waits && this.#waiting.overflows(piece)) this.#step(this.#from.feed, piece)
    else this.#waiting.push(piece, at === 'own' && this.#waits)
    this.drain()
  }

  get over(): boolean {
    return this.#from.at === 'over'
  }

  sign(): void {
    this.#alive = true
  }

  /** True if a beat is due: upstream is alive, and nothing was said since the last time. */
  beat(): boolean {
    const due = this.#alive && !this.#spoke
    this.#alive = this.#spoke = false
    return due
  }

  /** The client pulled everything up to that delivery. */
  taken(count: number): void {
    this.#window.taken(count)
    this.drain()
  }

  adjust(flow: Flow): void {
    this.#window.resize(half(flow))
    const before = this.#waiting
    this.#flow = flow
    this.#hz = flow.conflateHz
    this.#waiting = this.#place(flow)
    for (let piece = before.take(() => true); piece; piece = before.take(() => true)) this.#waiting.push(piece, true)
    if (this.#from.at === 'own') this.#from.reception.adjust(flow)
    this.drain()
  }

  /** Hands on what waits, as far as window and outbox allow. */
  drain(): void {
    const { outbox, number } = this.#set
    while (!this.#waiting.empty && outbox.open && this.#due()) {
      const piece = this.#waiting.take((count, bytes) => this.#window.fits(count, bytes))
      if (!piece) break
      outbox.data(piece.frame(number))
      this.#sent(piece)
    }
    // Also when a large one does not fit: without an answer the window would never open again.
    if ((this.#window.starved || !this.#waiting.empty) && this.#window.ask()) outbox.tell(['ask', number])
    if (this.#from.at === 'behind' && this.#waiting.empty) this.#catchUp(this.#from.position)
    if (this.#waiting.empty && outbox.open && !this.#window.starved) this.#roomy?.()
  }

  end(error: MessagingError): void {
    if (this.#from.at === 'over') return
    this.#close()
    this.#set.onEnd(error)
  }

  async stop(): Promise<void> {
    const from = this.#from
    this.#close()
    if (from.at === 'feed') from.feed.leave(this)
    if (from.at === 'own') await from.reception.stop(AbortSignal.abort())
  }

  /**
   * Where messages wait. Who may be shown less, or wants the newest of each path and could lose, has a place for each path,
   * bounded as what the gateway holds; all others wait in their order, within what their client allows.
   */
  #place({ messages, bytes, conflateHz }: Flow): Backlog | Newest {
    const { channel, source, limits } = this.#set
    const latest = source.start?.at === 'latest'
    const bound = latest ? limits.held : limits.waiting
    if (conflateHz !== undefined) return new Newest(bound)
    if (latest && !channel.can.waits) return new Newest(bound, 'counted')
    return new Backlog({ messages: Math.max(1, Math.floor(messages / 2)), bytes: Math.max(1, Math.floor(bytes / 2)) })
  }

  /** Upstream keeps for us what we do not read. */
  get #waits(): boolean {
    return this.#set.channel.can.waits && this.#hz === undefined
  }

  #close(): void {
    this.#from = { at: 'over' }
    clearTimeout(this.#timer)
    this.#roomy?.()
  }

  #take(pieces: readonly Piece[]): void {
    this.#alive = true
    for (const piece of pieces) this.offer(piece)
  }

  #sent(piece: Piece): void {
    this.#spoke = true
    if (this.#window.sent(piece.items.length, piece.bytes)) this.#set.outbox.tell(['ask', this.#set.number])
  }

  /** Conflation has a rate: the next turn is not before that. */
  #due(): boolean {
    if (!this.#hz) return true
    const now = performance.now()
    if (now >= this.#nextAt) {
      // Everything that waits goes out in this turn.
      queueMicrotask(() => {
        this.#nextAt = now + 1_000 / (this.#hz || 1_000)
      })
      return true
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.drain()
    }, this.#nextAt - now)
    return false
  }

  /** Full, and fed together with others from a log: leaves them and reads on by itself, later. */
  #step(feed: Feed, piece: Piece): void {
    const position = this.#waiting instanceof Backlog ? this.#waiting.fill(piece) : undefined
    if (position === undefined) {
      this.#waiting.push(piece)
      return
    }
    this.#from = { at: 'behind', position }
    feed.leave(this)
  }

  #catchUp(position: string): void {
    const { channel, source } = this.#set
    this.#from = { at: 'own', reception: NOTHING }
    within(CATCH_UP_MS, (signal) =>
      channel.receive({ ...source, start: { at: 'position', position } }, this.#flow, signal),
    ).then(
      (reception) => {
        if (this.over) void reception.stop(AbortSignal.abort())
        else this.own(reception)
      },
      () => this.end(lost()),
    )
  }

  /** Resolves when the client can take more. */
  #room(): Promise<void> | undefined {
    if (this.#waiting.empty && this.#set.outbox.open && !this.#window.starved) return undefined
    return new Promise((resolve) => {
      this.#roomy = () => {
        this.#roomy = undefined
        resolve()
      }
    })
  }
}

const CATCH_UP_MS = 10_000

/** Stands for a reception that is being attached. */
const NOTHING: Reception = {
  next: () => new Promise(() => undefined),
  adjust: () => undefined,
  stop: () => Promise.resolve(),
}

/** Half of what the client allows lies at the client, half waits here. */
function half({ messages, bytes }: Flow): Bound {
  return { messages: Math.ceil(messages / 2), bytes: Math.ceil(bytes / 2) }
}
