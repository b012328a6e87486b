import { type Channel, type Flow, MessagingError, type Reception, type Source } from '@spanwire/driver'
import { within } from './deadline.js'
import { type Piece, piecesOf } from './encoded.js'
import { Held } from './held.js'
import type { Bound } from './waiting.js'

/** Who gets what a reception upstream gives. */
export interface Member {
  /** `snapshot`: what was held when it joined, which lies here for all anyway. */
  offer(piece: Piece, from?: 'snapshot'): void
  /** Upstream is alive on this path. */
  sign(): void
  /** Upstream ended it. */
  end(error: MessagingError): void
}

/** What a shared reception may hold at the driver. It is always read at once. */
const FLOW: Flow = { messages: 10_000, bytes: 64 << 20 }

/** Who may still come. `shut`: it goes on for those who are here. */
type Door = 'open' | 'shut' | 'over'

/**
 * One reception upstream for all clients that want the same: from now on, or the newest of each path and then what comes,
 * which is held for those who join later. It is read without waiting for anybody; a slow client loses, or goes on by
 * itself, but holds up nobody. It ends with its last member.
 */
export class Feed {
  readonly beatMs: number | undefined
  readonly #reception: Reception
  readonly #held: Held | undefined
  readonly #members = new Set<Member>()
  readonly #forget: () => void
  #door: Door = 'open'

  /** `forget`: called when who comes next is not to find it any more. */
  constructor(reception: Reception, held: Held | undefined, forget: () => void) {
    this.beatMs = reception.beatMs
    this.#reception = reception
    this.#held = held
    this.#forget = forget
    void this.#pump()
  }

  get door(): Door {
    return this.#door
  }

  /** Gives what is held, and from then on what comes. */
  join(member: Member): void {
    this.#members.add(member)
    for (const piece of this.#held?.snapshot() ?? []) member.offer(piece, 'snapshot')
  }

  leave(member: Member): void {
    this.#members.delete(member)
    this.closeIfEmpty()
  }

  closeIfEmpty(): void {
    if (this.#door === 'over' || this.#members.size > 0) return
    this.#end()
    void this.#reception.stop(AbortSignal.abort())
  }

  #end(): void {
    if (this.#door !== 'over') this.#forget()
    this.#door = 'over'
  }

  /** What is held has to be the newest of every path, or nobody may begin with it. */
  #hold(piece: Piece): void {
    if (this.#door !== 'open' || !this.#held) return
    if (piece.lost) {
      // Who comes next gets a feed that knows all again.
      this.#door = 'shut'
      this.#forget()
    } else if (!this.#held.take(piece)) this.#door = 'shut'
  }

  async #pump(): Promise<void> {
    const error = await pump(this.#reception, (pieces) => {
      for (const piece of pieces) this.#hold(piece)
      for (const member of this.#members) {
        member.sign()
        for (const piece of pieces) member.offer(piece)
      }
    })
    this.#end()
    for (const member of this.#members) member.end(error)
    this.#members.clear()
  }
}

/** Reads until the reception ends, and gives the reason. `room` holds the next pull back. */
export async function pump(
  reception: Reception,
  give: (pieces: readonly Piece[]) => void,
  room?: () => Promise<void> | undefined,
): Promise<MessagingError> {
  try {
    for (;;) {
      const wait = room?.()
      if (wait) await wait
      const batch = await reception.next()
      if (!batch) return lost()
      give(piecesOf(batch, false))
    }
  } catch (error) {
    return MessagingError.is(error) ? error : lost()
  }
}

/** Receptions end with their channel's upstream, so that the client's own session attaches them again. */
export function lost(): MessagingError {
  return new MessagingError('unavailable', 'The gateway lost the engine behind this channel; attach again.', {
    scope: 'channel',
  })
}

/** Whether what this asks for is one and the same for all who ask for it. */
export function isShared({ start }: Source): boolean {
  return !start || start.at === 'now' || start.at === 'latest'
}

/** Where feeds are kept, by what they give. */
export interface Feeds {
  readonly channel: Channel
  readonly feeds: Map<string, Promise<Feed>>
  /** How much a feed may hold for those who join later. */
  readonly held: Bound
}

/**
 * Joins the feed of that source, attaching it if nobody has. A feed that ended meanwhile is attached anew. `undefined`: what
 * it would have to hold is above the bound, and each client needs a reception of its own.
 */
export async function joinFeed(place: Feeds, source: Source, signal: AbortSignal): Promise<Feed | undefined> {
  const { feeds } = place
  const key = JSON.stringify([source.start?.at === 'latest', source.paths])
  for (;;) {
    const known = feeds.get(key) ?? attachFeed(place, key, source)
    const feed = await known
    if (signal.aborted) {
      feed.closeIfEmpty()
      throw new MessagingError('canceled', 'The client took its subscription back.')
    }
    if (feed.door === 'open') return feed
    if (feed.door === 'shut' && feeds.get(key) === known) {
      feed.closeIfEmpty()
      return undefined
    }
    if (feeds.get(key) === known) feeds.delete(key)
  }
}

/** By its own deadline, not by that of the client who happened to come first. */
const ATTACH_MS = 10_000

function attachFeed({ feeds, channel, held }: Feeds, key: string, source: Source): Promise<Feed> {
  const forget = (): void => {
    if (feeds.get(key) === feed) feeds.delete(key)
  }
  const feed = within(ATTACH_MS, (signal) => channel.receive(source, FLOW, signal)).then(
    (reception) => new Feed(reception, source.start?.at === 'latest' ? new Held(held) : undefined, forget),
  )
  feeds.set(key, feed)
  feed.catch(forget)
  return feed
}
