import { type Channel, type Flow, MessagingError, type Reception, type Source } from '@spanwire/driver'
import { within } from './deadline.js'
import { type Piece, piecesOf } from './encoded.js'

/** Who gets what a reception upstream gives. */
export interface Member {
  offer(piece: Piece): void
  /** Upstream is alive on this path. */
  sign(): void
  /** Upstream ended it. */
  end(error: MessagingError): void
}

/** What a shared reception may hold at the driver. It is always read at once. */
const FLOW: Flow = { messages: 10_000, bytes: 64 << 20 }

/**
 * One reception upstream for all clients that want the same from now on. It is read without waiting for anybody; a slow
 * client loses, or goes on by itself, but holds up nobody. It ends with its last member.
 */
export class Feed {
  readonly beatMs: number | undefined
  readonly #reception: Reception
  readonly #members = new Set<Member>()
  readonly #onEnd: () => void
  #over = false

  constructor(reception: Reception, onEnd: () => void) {
    this.beatMs = reception.beatMs
    this.#reception = reception
    this.#onEnd = onEnd
    void this.#pump()
  }

  /** Nobody may join any more. */
  get over(): boolean {
    return this.#over
  }

  join(member: Member): void {
    this.#members.add(member)
  }

  leave(member: Member): void {
    this.#members.delete(member)
    this.closeIfEmpty()
  }

  closeIfEmpty(): void {
    if (this.#over || this.#members.size > 0) return
    this.#end()
    void this.#reception.stop(AbortSignal.abort())
  }

  #end(): void {
    if (!this.#over) this.#onEnd()
    this.#over = true
  }

  async #pump(): Promise<void> {
    const error = await pump(this.#reception, (pieces) => {
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

/** Joins the feed of that key, attaching it if nobody has. A feed that ended meanwhile is attached anew. */
export async function joinFeed(
  feeds: Map<string, Promise<Feed>>,
  channel: Channel,
  source: Source,
  signal: AbortSignal,
): Promise<Feed> {
  const key = JSON.stringify(source.paths ?? null)
  for (;;) {
    const known = feeds.get(key) ?? attachFeed(feeds, key, channel, source)
    const feed = await known
    if (signal.aborted) {
      feed.closeIfEmpty()
      throw new MessagingError('canceled', 'The client took its subscription back.')
    }
    if (!feed.over) return feed
    if (feeds.get(key) === known) feeds.delete(key)
  }
}

/** By its own deadline, not by that of the client who happened to come first. */
const ATTACH_MS = 10_000

function attachFeed(feeds: Map<string, Promise<Feed>>, key: string, channel: Channel, source: Source): Promise<Feed> {
  const forget = (): void => {
    if (feeds.get(key) === feed) feeds.delete(key)
  }
  const feed = within(ATTACH_MS, (signal) => channel.receive(source, FLOW, signal)).then(
    (reception) => new Feed(reception, forget),
  )
  feeds.set(key, feed)
  feed.catch(forget)
  return feed
}
