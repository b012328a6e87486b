import type { MessagingError } from './errors.js'
import type { Flow, Reception, Source, Start } from './reception.js'

/** What the wire has at hand. The client decodes both; a driver converts only where its wire must. */
export type Body = Uint8Array | string

/** name, value, name, value ... Names in lower case, values without CR and LF. Flat, because a map costs more than the message. */
export type Headers = readonly string[]

/** `name`: tokens of `[a-z0-9-]` joined by dots, at most 200 characters. `params`: how many path tokens follow it. */
export type ChannelSpec = { readonly name: string; readonly params: number } & (
  | {
      readonly kind: 'topic'
      readonly keep: 'live' | 'durable'
      /** The newest message per path is kept for late comers. */
      readonly latest: boolean
    }
  | {
      readonly kind: 'queue'
      /** How long a delivery stays ours without settle or extend, in ms. */
      readonly leaseMs: number
    }
  | { readonly kind: 'rpc' }
)

/** A channel opened on a link: the place for stream names, partition counts, numeric ids. Ends with its link. */
export interface Channel {
  readonly can: Capabilities
  /**
   * Takes the batch in order, returns at once, never throws. `report` comes once per message, in any order, as soon
   * as its outcome is known, perhaps before `send` returns: a slow message holds up no other. Order per key (else per
   * path) holds within and across calls. On an rpc channel `done` carries the reply.
   * The batch is not changed, and not kept after its last report.
   */
  send(batch: readonly Outgoing[], report: (index: number, outcome: SendOutcome) => void): Cancel
  /**
   * Resolves when attached: what is sent from then on arrives. `signal` bounds the attaching only: nobody listens to it
   * from then on, because it may serve the next attaching (conformance R1).
   * A responder receives from an rpc channel. Rejects with `conflict` (position of another log), `capability`, `forbidden`.
   */
  receive(source: Source, flow: Flow, signal: AbortSignal): Promise<Reception>
  /** A round trip to who takes this channel's messages (stream or partition leaders), leaving nothing behind; else as the link's. */
  probe(signal: AbortSignal): Promise<void>
}

/** Forgets one message, or all that are unreported: reports them before it returns, `unsent` if provably so, else `unknown`. */
export type Cancel = (index?: number) => void

/** What this channel can do at the cluster that was reached. Data, not promises: each claim is exercised by the conformance suite. */
export interface Capabilities {
  /** One message, body plus headers. `Infinity` if the engine does not tell. Drivers split batches themselves. */
  readonly maxBytes: number
  /** What `done` proves. */
  readonly confirms: 'written' | 'taken' | 'stored'
  readonly starts: readonly Start['at'][]
  /** Members share, and the engine keeps the group's place without loss. */
  readonly groups: boolean
  /** Unpulled messages wait at the engine; false: the driver drops the oldest beyond `flow` and says so in `Batch.lost`. */
  readonly waits: boolean
  /** Order per key holds across competing consumers. */
  readonly keyed: boolean
  /** Into so many parts the engine divides the keys: where two sites differ, the client says so. Absent: into none that anybody sees. */
  readonly partitions?: number
  /** `settle({ retryMs })`. */
  readonly retries: boolean
  /** `extend()`. */
  readonly extends: boolean
  /** `attempt` survives the consumer. */
  readonly counts: boolean
  /** Of a delayed send, 0: none. */
  readonly maxDelayMs: number
  /** Expiry by the engine, at most two seconds late: some count in whole seconds. */
  readonly ttl: boolean
}

export interface Outgoing {
  /** The client's `source.seq.time`, at most 100 printable characters, put where the engine keeps message ids. The same on every attempt. */
  readonly id?: string
  /** Parameters, escaped by the client, joined by '.'; '' when there are none. */
  readonly path: string
  /** Ordering key where it is not the path. */
  readonly key?: string
  readonly body: Body
  readonly headers?: Headers
  readonly delayMs?: number
  /** Worthless after that; for rpc the deadline. */
  readonly ttlMs?: number
}

/** Objects may be shared between messages: one outcome for all that were done, one error per incident. */
export type SendOutcome =
  | {
      readonly outcome: 'done'
      readonly reply?: Reply
      /** Where it was stored, when the engine says. */
      position?(): string | undefined
    }
  /** The engine said no: nobody will ever receive it. */
  | { readonly outcome: 'refused'; readonly error: MessagingError }
  /** No byte reached the engine or its client library. */
  | { readonly outcome: 'unsent'; readonly error: MessagingError }
  /** Perhaps it was taken. */
  | { readonly outcome: 'unknown'; readonly error: MessagingError }

/** What a responder answered. `error`: its handler failed with this text; `body` is then empty. */
export interface Reply {
  readonly body: Body
  readonly error: string | undefined
  headers(): Headers
}

export interface Answer {
  readonly body: Body
  readonly error?: string
  readonly headers?: Headers
}
