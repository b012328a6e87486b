import type { Channel, ChannelSpec } from './channel.js'
import type { Endpoint } from './driver.js'
import type { MessagingError } from './errors.js'

/** One live connection. It never reconnects, retries or dedupes, and holds nothing beyond a bound that the client gave. It ends once. */
export interface Link {
  readonly engine: EngineInfo
  /** Changes whenever something arrived on the connection, whatever it was; absent: the driver cannot tell. */
  readonly heard?: number
  /** Settles at most once, never rejects: we are asked to leave while the link still works. */
  readonly draining: Promise<DrainNotice>
  /**
   * Settles once, never rejects, and only after all else on the link has: outcomes reported, receptions ended,
   * waits rejected. `by: 'us'` after {@link Link.close}, otherwise what ended it.
   */
  readonly ended: Promise<LinkEnd>
  /**
   * Makes the channel exist, or compares it with what does. Idempotent, and safe to call concurrently.
   * Rejects with `not-found` (missing, under `missing: 'refuse'`), `conflict` (exists with another spec; the
   * engine is left as it was), `capability`, `forbidden`, `invalid` (name), or the link's own end.
   */
  open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel>
  /** One protocol round trip on the connection that operations use. Proves the link, and nothing behind it. */
  probe(signal: AbortSignal): Promise<void>
  /** Writes out what was reported done, gives back what is unsettled, ends; cuts when the signal aborts, at once if it already has. Never rejects. */
  close(signal: AbortSignal): Promise<void>
}

export type LinkEnd = { readonly by: 'us' } | { readonly by: 'engine'; readonly error: MessagingError }

export interface DrainNotice {
  readonly reason: string
  /** How long the link will still work, in ms. */
  readonly withinMs?: number
  readonly elsewhere?: readonly Endpoint[]
}

export interface EngineInfo {
  readonly name: string
  readonly version: string
  readonly cluster?: string
  readonly node?: string
  /** Ids of the clusters behind a gateway: two links with equal sets reach the same messages. */
  readonly upstreams?: readonly string[]
  /** The publisher id (16 characters of base64url) that this link accepts in message ids, when it binds publishers to their authenticated subject; absent: any. */
  readonly publisher?: string
  /** It says something by itself at least so often, which {@link Link.heard} then counts; absent: only when asked. */
  readonly beatMs?: number
}
